//! The large mistakes: each a change of files that a person makes without meaning what it does.

use std::fmt::Write as _;

use jiff::ToSpan;

use super::{Secretariat, today, window};

/// A mistake, and what stops it.
pub(super) struct Mistake {
    pub(super) name: &'static str,
    pub(super) make: fn(&Secretariat),
    /// What staff read of it.
    pub(super) told: &'static str,
}

pub(super) const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "another zone",
        make: |here| {
            here.edit(
                "vigia.toml",
                "modo = \"producao\"\n",
                "modo = \"producao\"\nfuso = \"America/Rio_Branco\"\n",
            );
        },
        told: "o fuso muda",
    },
    Mistake {
        name: "personal data erased years sooner",
        make: |here| {
            here.edit("vigia.toml", "modo = \"producao\"\n", "modo = \"producao\"\nguardar_anos = 1\n");
        },
        told: "guardar_anos cai de 5 para 1",
    },
    Mistake {
        name: "wrong year in a new window",
        make: |here| {
            here.append("calendario.toml", &window(2003, today(), today().saturating_add(1.year().days(20))));
        },
        told: "um ano ou mais depois",
    },
    Mistake {
        name: "wrong year in a window that was to open",
        make: |here| {
            let right = window(2002, today().saturating_add(10.days()), today().saturating_add(50.days()));
            let wrong = window(
                2002,
                today().saturating_add(1.year().days(10)),
                today().saturating_add(1.year().days(50)),
            );
            here.edit("calendario.toml", &right, &wrong);
        },
        told: "20 municípios deixam de receber",
    },
    Mistake {
        name: "wrong year in a prorrogação",
        make: |here| {
            let until = here.choice.deadline.saturating_add(1.year().days(15));
            let today = today().saturating_sub(1.day());
            let extension = format!(
                "[[janela.prorrogacao]]\nprazo = {until}\nanunciada = {today}\nfonte = \"MDS\"\n[[janela]]"
            );
            let (first, rest) = ("fonte = \"teste\"\n", "[[janela]]");
            here.edit("calendario.toml", &format!("{first}{rest}"), &format!("{first}{extension}"));
        },
        told: "um ano ou mais depois",
    },
    Mistake {
        name: "wrong year in inicio",
        make: |here| {
            let (right, wrong) = (here.choice.opened, here.choice.opened.saturating_add(1.year()));
            here.edit("vigia.toml", &format!("inicio = {right}"), &format!("inicio = {wrong}"));
        },
        told: "o que vence antes nunca sai",
    },
    Mistake {
        name: "a past window",
        make: |here| {
            let ago = |days: i64| today().saturating_sub(days.days());
            here.append("calendario.toml", &window(2003, ago(370), ago(330)));
        },
        told: "a janela teste/2003 é nova e o prazo dela já passou",
    },
    Mistake {
        name: "a window removed",
        make: |here| {
            let text = here.read("calendario.toml");
            here.write("calendario.toml", &text[..text.rfind("[[janela]]").unwrap()]);
        },
        told: "a janela teste/2002 deixa de existir",
    },
    Mistake {
        name: "halved roster",
        make: |here| {
            let text = here.read("municipios.csv");
            let half: String = text.lines().take(11).fold(String::new(), |out, line| out + line + "\n");
            here.write("municipios.csv", half);
        },
        told: "10 municípios saem do cadastro",
    },
    Mistake {
        name: "everybody exempt while nothing is known",
        make: |here| here.column("dispensas", |cells| cells.fill("teste".to_owned())),
        told: "20 municípios deixam de ser esperados em alguma janela",
    },
    Mistake {
        name: "no rung while nothing is known",
        make: |here| {
            let text = here.read("calendario.toml");
            let from = text.find("escada = [").unwrap();
            let until = from + text[from..].find("]\n").unwrap() + 1;
            let whole = text[from..until].to_owned();
            here.edit("calendario.toml", &whole, "escada = []");
        },
        told: "a escada do sistema teste perde",
    },
    Mistake {
        name: "letters that wait for a person",
        make: |here| here.edit("calendario.toml", "[sistema.teste]\n", "[sistema.teste]\naprovar = true\n"),
        told: "as cartas do sistema teste passam a esperar liberação",
    },
    Mistake {
        name: "sorted column",
        make: |here| here.column("smas_email", |cells| cells.rotate_left(1)),
        told: "20 municípios passam a receber cartas em endereço que era de outro",
    },
    Mistake {
        name: "swapped neighbours",
        make: |here| here.column("smas_email", |cells| cells.swap(7, 8)),
        told: "2 municípios passam a receber cartas em endereço que era de outro",
    },
    Mistake {
        name: "domain replaced for many",
        make: |here| {
            here.column("smas_email", |cells| {
                for cell in cells.iter_mut() {
                    *cell = cell.replace(".es.gov.br", ".antigo.com.br");
                }
            });
        },
        told: "20 municípios mudam de endereço",
    },
    Mistake {
        name: "suspension",
        make: |here| {
            let day = today().saturating_sub(1.day());
            here.append("calendario.toml", &format!("situacao = \"suspensa\"\nsituacao_desde = {day}\n"));
        },
        told: "a janela teste/2002 fica interrompida",
    },
    Mistake {
        name: "a draft of two windows saved",
        make: |here| {
            let (opens, ends) = (today().saturating_sub(1.day()), today().saturating_add(40.days()));
            here.append("calendario.toml", &(window(2003, opens, ends) + &window(2004, opens, ends)));
        },
        told: "40 cartas saem logo a municípios",
    },
    Mistake {
        name: "mode switched",
        make: |here| here.edit("vigia.toml", "modo = \"producao\"", "modo = \"ensaio\""),
        told: "nenhum município recebe mais nada",
    },
];

/// Mistakes that are faults: a letter would certainly go astray, or a halt would stop nothing.
pub(super) const FAULTS: &[Mistake] = &[
    Mistake {
        name: "repeated name",
        make: |here| here.column("nome", |cells| cells[8].clone_from(&cells[7].clone())),
        told: "é o nome de",
    },
    Mistake {
        name: "a name on its neighbour's code",
        make: |here| here.column("nome", |cells| cells.swap(7, 8)),
        told: "é o nome de",
    },
    Mistake {
        name: "shifted row",
        make: |here| {
            here.column("smas_titular", |cells| "smas@municipio1.es.gov.br".clone_into(&mut cells[7]));
        },
        told: "smas@municipio1.es.gov.br",
    },
    Mistake {
        name: "mistyped domain",
        make: |here| here.column("smas_email", |cells| "smas@municipio1.es.gov.rb".clone_into(&mut cells[7])),
        told: "smas@municipio1.es.gov.rb",
    },
    Mistake {
        name: "a suspension that a later extension undoes",
        make: |here| {
            let day = |ago: i64| today().saturating_sub(ago.days());
            let mut text = format!("situacao = \"suspensa\"\nsituacao_desde = {}\n", day(9));
            let until = today().saturating_add(55.days());
            let _ = write!(
                text,
                "[[janela.prorrogacao]]\nprazo = {until}\nanunciada = {}\nfonte = \"MDS\"\n",
                day(1)
            );
            here.append("calendario.toml", &text);
        },
        told: "situacao",
    },
];

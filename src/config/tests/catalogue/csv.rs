//! `municipios.csv` and `unidades.csv`.

use super::*;

fn roster(title: &'static str, text: &str) -> Case {
    whole(title, "municipios.csv", &format!("ibge;nome;smas_email;smas_telefone;dispensas\n{text}"))
}

fn units(title: &'static str, text: &str) -> Case {
    whole(title, "unidades.csv", &format!("id;ibge;parte;nome;email;telefone;desde;ate\n{text}"))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        whole("arquivo vazio", "municipios.csv", ""),
        whole("só o cabeçalho", "municipios.csv", "ibge;nome;smas_email\n"),
        whole("falta uma coluna", "municipios.csv", "ibge;nome\n3205309;Vitória\n"),
        whole(
            "coluna repetida",
            "municipios.csv",
            "ibge;nome;smas_email;Nome\n3205309;Vitória;a@b.gov.br;x\n",
        ),
        whole(
            "coluna quase certa",
            "municipios.csv",
            "ibge;nome;smas_email;regiões\n3205309;Vitória;a@b.gov.br;x\n",
        ),
        whole(
            "coluna que nada lembra",
            "municipios.csv",
            "ibge;nome;smas_email;xyz\n3205309;Vitória;a@b.gov.br;x\n",
        ),
        whole(
            "texto em coluna sem nome",
            "municipios.csv",
            "ibge;nome;smas_email;;\n3205309;Vitória;a@b.gov.br;;x\n",
        ),
        whole(
            "código com dígito errado",
            "municipios.csv",
            "ibge;nome;smas_email\n3205308;Vitória;a@b.gov.br\n",
        ),
        roster("código de 6 dígitos", "320530;Vitória;a@b.gov.br;;\n"),
        roster("código que a planilha estragou", "3,2E+06;Vitória;a@b.gov.br;;\n"),
        roster("telefone que a planilha estragou", "3205309;Vitória;a@b.gov.br;2,7E+09;\n"),
        roster("município repetido", "3205309;Vitória;a@b.gov.br;;\n3205309;Vitória;a@b.gov.br;;\n"),
        roster("município sem nome", "3205309;;a@b.gov.br;;\n"),
        roster("endereço que não é", "3205309;Vitória;smas@;;\n"),
        roster("quebra de linha numa célula", "3205309;\"Vi\ntória\";a@b.gov.br;;\n"),
        roster(
            "aspas que engolem uma linha",
            "3205309;Vitória;a@b.gov.br;\"27;\n3205200;Vila Velha;a@b.gov.br;\"27\"\"3\";\n",
        ),
        whole("linha longa demais", "municipios.csv", &"a".repeat(1024 * 1024)),
        roster("nome do município vizinho", "3205309;Vila Velha;a@b.gov.br;;\n"),
        roster("nome de outro município, código fora da lista", "3209996;Vila Velha;a@b.gov.br;;\n"),
        roster("nome que não é o da lista", "3205309;Victória;a@b.gov.br;;\n"),
        roster("código que a lista não tem", "3209996;Nova Serra;a@b.gov.br;;\n"),
        roster("dois municípios de um nome", "3205309;Ilha;a@b.gov.br;;\n3205200;Ilha;c@d.gov.br;;\n"),
        roster(
            "um endereço em dois municípios",
            "3205309;Vitória;a@b.gov.br;;\n3205200;Vila Velha;a@b.gov.br;;\n",
        ),
        roster(
            "um endereço em cinco municípios",
            "3200102;Afonso Cláudio;a@b.gov.br;;\n3200136;Águia Branca;a@b.gov.br;;\n3200201;Alegre;a@b.gov.br;;\n\
             3205309;Vitória;a@b.gov.br;;\n3205200;Vila Velha;a@b.gov.br;;\n",
        ),
        roster("um endereço escrito de dois modos", "3205309;Vitória;a@X.gov.br A@x.gov.br;;\n"),
        roster("endereço do município vizinho", "3205309;Vitória;smas@vilavelha.es.gov.br;;\n"),
        roster("domínio que não existe", "3205309;Vitória;smas.vitoria@gmail.con;;\n"),
        roster("domínio a uma letra do certo", "3205309;Vitória;smas@vitora.es.gov.br;;\n"),
        roster("ponto e vírgula entre endereços", "3205309;Vitória;a@b.gov.br;c@d.gov.br;;\n"),
        roster("uma célula a menos", "3205309;Vitória;a@b.gov.br;\n"),
        roster(
            "duas linhas com células a menos",
            "3205309;Vitória;a@b.gov.br;\n3205200;Vila Velha;c@d.gov.br\n",
        ),
        roster(
            "três linhas com células a mais ou a menos",
            "3205309;Vitória;a@b.gov.br;;;\n3205200;Vila Velha;c@d.gov.br\n3205002;Serra;\n",
        ),
        roster("telefone sem o zero", "3205309;Vitória;a@b.gov.br;8001234567;\n"),
        roster("telefone curto", "3205309;Vitória;a@b.gov.br;333-000;\n"),
        roster("células a mais", "3205309;Vitória;a@b.gov.br;;;d@e.gov.br\n"),
        roster("arquivo cortado no meio", "3205309;Vitória;a@b.gov.br;;\n3205200;Vila Ve"),
        roster("dispensa de sistema quase certo", "3205309;Vitória;a@b.gov.br;;rmaa\n"),
        case(
            "produção com município sem endereço",
            small()
                .with("vigia.toml", production())
                .with("municipios.csv", "ibge;nome;smas_email\n3205309;Vitória;\n"),
        ),
        units("unidade repetida", "1;3205309;CRAS;A;;;;\n1;3205309;CRAS;B;;;;\n"),
        units("unidade sem código", ";3205309;CRAS;A;;;;\n"),
        units("unidade com código estragado", "3,2E+10;3205309;CRAS;A;;;;\n"),
        units("parte não declarada", "1;3205309;CREAS;A;;;;\n"),
        units("município fora do cadastro", "1;3205101;CRAS;A;;;;\n"),
        units("data que não existe", "1;3205309;CRAS;A;;;31/02/2026;\n"),
        units("data guardada como número", "1;3205309;CRAS;A;;;45265;\n"),
        units("unidade que fecha antes de abrir", "1;3205309;CRAS;A;;;2026-02-01;2026-01-01\n"),
    ]
}

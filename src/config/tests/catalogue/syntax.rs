//! Mistakes of TOML itself.

use super::*;

fn toml(title: &'static str, text: &str) -> Case {
    whole(title, "feriados.toml", text)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("arquivo que não está em UTF-8", small().with("feriados.toml", &b"nome = \"Jo\xe3o\""[..])),
        toml("chave repetida", "a = 1\na = 2\n"),
        toml("tabela repetida", "[a]\nb = 1\n[a]\nc = 1\n"),
        toml("lista aberta", "a = [1, 2\n"),
        toml("tabela em linha aberta", "a = { b = 1\n"),
        toml("colchete aberto", "[a\nb = 1\n"),
        toml("colchetes duplos abertos", "[[feriado]\nnome = \"x\"\n"),
        toml("colchete que não foi aberto", "a = 1]\n"),
        toml("aspas curvas", "[[feriado]]\nnome = “Penha”\npascoa = 8\n"),
        toml("aspas curvas numa lista", "a = [“um”, “dois”]\n"),
        toml("aspas retas que aspas curvas fecham", "nome = \"Penha”\n"),
        toml("colchetes simples, duas vezes", "[feriado]\nnome = \"x\"\n[feriado]\nnome = \"y\"\n"),
        toml("colchetes simples antes de duplos", "[feriado]\nnome = \"x\"\n\n[[feriado]]\nnome = \"y\"\n"),
        toml(
            "colchetes simples depois de duplos",
            "[[feriado]]\nnome = \"x\"\n\n[feriado] # mais um\nnome = \"y\"\n",
        ),
        whole("arquivo longo demais", "feriados.toml", &"#".repeat(1 << 21)),
        toml("chave sem valor", "a =\n"),
        toml("chave sozinha", "feriado\n"),
        toml("dois sinais de igual", "a = = 1\n"),
        toml("igual dentro de lista", "a = [b = 1]\n"),
        toml("vírgula que falta", "a = [1 2]\n"),
        toml("vírgula a mais", "a = [1,, 2]\n"),
        toml("vírgula que falta em tabela", "a = { b = 1 c = 2 }\n"),
        toml("sem chave", "= 1\n"),
        toml("texto sem aspas", "nome = Penha\n"),
        toml("sim ou não com letra que falta", "a = tue\n"),
        toml("aspas que não fecham", "nome = \"Penha\n"),
        toml("aspas simples que não fecham", "nome = 'Penha\n"),
        toml("três aspas que não fecham", "nome = \"\"\"Penha\n"),
        toml("barra invertida sozinha", "nome = \"C:\\pasta\"\n"),
        toml("data que não existe", "data = 2026-11-31\n"),
        toml("data do dia para o ano", "data = 30-11-2026\n"),
        toml("hora que não existe", "hora = 25:00:00\n"),
        toml("número que começa com zero", "a = 007\n"),
        toml("número grande demais", "a = 99999999999999999999\n"),
        toml("número com vírgula", "a = 1,5\n"),
        toml("chave com acento", "região = 1\n"),
        toml("duas chaves numa linha", "a = 1 b = 2\n"),
        toml("valor que também é tabela", "a = 1\n[a.b]\nc = 1\n"),
        toml("três erros no mesmo arquivo", "nome Penha\nb = 1\nc = [1 2]\nd = 2\ne = 2026-02-30\n"),
    ]
}

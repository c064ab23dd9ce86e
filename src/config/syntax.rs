//! The TOML reader's own messages, put into Portuguese.

use std::ops::Range;

/// Whether only a value is wrong, and the keys and tables around it are whole.
pub(super) fn is_of_a_value(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "invalid date",
        "invalid time",
        "invalid offset",
        "string values must be quoted",
        "unexpected leading zero",
        "invalid integer",
        "invalid float",
    ]
    .iter()
    .any(|start| message.contains(start))
}

/// The text with another value of the same length in place of one; nothing when there is no room for it.
pub(super) fn without(text: &str, range: &Range<usize>) -> Option<String> {
    let fits = range.len() >= 2 && text.get(range.clone()).is_some_and(|value| !value.contains('\n'));
    fits.then(|| {
        let filling = "x".repeat(range.len() - 2);
        format!("{}\"{filling}\"{}", &text[..range.start], &text[range.end..])
    })
}

/// A message and a hint for a mistake of TOML syntax.
pub(super) fn in_portuguese(message: &str) -> (String, String) {
    let known: &[(&str, &str, &str)] = &[
        ("duplicate key", "esta chave ou tabela já apareceu antes no arquivo", "deixe uma só"),
        ("unclosed array table", "falta fechar os colchetes", "escreva `[[nome]]`"),
        ("unclosed array", "falta fechar a lista", "termine a lista com `]`"),
        ("unclosed inline table", "falta fechar a tabela em linha", "termine-a com `}`"),
        ("unclosed table", "falta fechar os colchetes", "escreva `[nome]`"),
        ("invalid date", "a data não existe ou está mal escrita", "escreva como 2026-11-30 (ano-mês-dia)"),
        ("invalid time", "a hora não existe ou está mal escrita", "escreva a hora entre aspas: \"08:00\""),
        ("invalid offset", "a data não existe ou está mal escrita", "escreva como 2026-11-30 (ano-mês-dia)"),
        ("string values must be quoted", "falta pôr o texto entre aspas", "escreva o texto entre \"aspas\""),
        ("missing value", "falta o valor depois de `=`", "escreva `chave = valor`"),
        ("key with no value", "falta `= valor` depois da chave", "escreva `chave = valor`"),
        ("missing assignment", "falta o `=` entre a chave e o valor", "escreva `chave = valor`"),
        ("missing comma", "falta uma vírgula", "separe os itens com vírgulas"),
        ("extra comma", "há uma vírgula a mais", "apague a vírgula que sobra"),
        (
            "unexpected leading zero",
            "o número começa com zero",
            "apague o zero, ou ponha o valor entre aspas",
        ),
        ("invalid basic string", "o texto não está bem fechado", "comece e termine o texto com aspas (\")"),
        (
            "invalid multi-line",
            "o texto de várias linhas não está bem fechado",
            "comece-o e termine-o com três aspas",
        ),
        ("invalid literal string", "o texto não está bem fechado", "comece e termine o texto com aspas (\")"),
        ("invalid unquoted key", "a chave tem letra que não pode ter", "ponha a chave entre aspas"),
        (
            "missing escaped value",
            "a barra invertida não pode estar sozinha",
            "escreva `\\\\` ou use aspas simples",
        ),
        (
            "unexpected key or value",
            "há algo a mais nesta linha",
            "deixe uma só `chave = valor` em cada linha",
        ),
        (
            "cannot extend",
            "esta chave já tem um valor e não pode ser também tabela",
            "mude o nome de uma das duas",
        ),
    ];
    known.iter().find(|(start, ..)| message.to_ascii_lowercase().contains(start)).map_or_else(
        || {
            (
                format!("o TOML está mal escrito aqui (“{}”)", message.trim()),
                "confira aspas, colchetes e vírgulas".to_owned(),
            )
        },
        |(_, what, hint)| ((*what).to_owned(), (*hint).to_owned()),
    )
}

//! The TOML reader's own messages, put into Portuguese, and what is done so that one mistake hides no other. Pure.

use std::ops::Range;

/// What the reader says (how its message begins), what that means, and what to write instead.
const WORDS: [(&str, &str, &str); 59] = [
    ("duplicate key", "esta chave ou tabela já apareceu antes no arquivo", "deixe uma só"),
    ("unclosed array table", "falta fechar os colchetes", "escreva `[[nome]]`"),
    ("unclosed array", "falta fechar a lista", "termine a lista com `]`"),
    ("unclosed inline table", "falta fechar a tabela em linha", "termine-a com `}`"),
    ("unclosed table", "falta fechar os colchetes", "escreva `[nome]`"),
    ("missing table open", "falta abrir os colchetes", "escreva `[nome]`"),
    ("missing array opening", "há um `]` sem o `[` que o abre", "abra a lista com `[`, ou apague o `]`"),
    (
        "missing inline table opening",
        "há um `}` sem o `{` que o abre",
        "abra a tabela com `{`, ou apague o `}`",
    ),
    (
        "invalid boolean",
        "o valor não é `true` nem `false`",
        "escreva true (sim) ou false (não), sem aspas; textos vão entre \"aspas\"",
    ),
    ("invalid string", "o texto não está bem fechado", "comece e termine o texto com aspas (\")"),
    ("invalid date", "a data não existe ou está mal escrita", "escreva como 2026-11-30 (ano-mês-dia)"),
    ("invalid time", "a hora não existe ou está mal escrita", "escreva a hora entre aspas: \"08:00\""),
    ("invalid offset", "a data não existe ou está mal escrita", "escreva como 2026-11-30 (ano-mês-dia)"),
    (
        "string values must be quoted",
        "falta pôr o texto entre aspas",
        "escreva o texto entre \"aspas\"; se são vários itens, separe-os com vírgulas",
    ),
    ("missing value", "falta o valor depois de `=`", "escreva `chave = valor`"),
    ("key with no value", "falta `= valor` depois da chave", "escreva `chave = valor`"),
    ("missing assignment", "falta o `=` entre a chave e o valor", "escreva `chave = valor`"),
    ("extra assignment", "há um `=` a mais", "deixe um só `=` em cada chave; entre uma e outra vai vírgula"),
    ("extra `=`", "há um `=` a mais", "deixe um só `=` entre a chave e o valor"),
    ("unexpected `=` in array", "há um `=` dentro da lista", "ponha entre chaves: `{ chave = valor }`"),
    ("missing comma", "falta uma vírgula", "separe os itens com vírgulas"),
    ("extra comma", "há uma vírgula a mais", "apague a vírgula que sobra"),
    ("missing key", "falta a chave antes do `=`", "escreva `chave = valor`"),
    (
        "invalid key-value pair",
        "esta linha não é uma chave com seu valor",
        "escreva `chave = valor`, ou comece a linha com `#`",
    ),
    (
        "invalid inline table element",
        "a tabela em linha está mal escrita",
        "escreva `{ chave = valor, outra = valor }`",
    ),
    ("unexpected leading zero", "o número começa com zero", "apague o zero, ou ponha o valor entre aspas"),
    (
        "unexpected sign",
        "o número tem um sinal que não pode ter",
        "apague o sinal, ou ponha o valor entre aspas",
    ),
    ("redundant numeric sign", "o número tem dois sinais", "deixe um só"),
    ("redundant integer number prefix", "o número está mal escrito", "escreva só os algarismos"),
    ("radix must be lowercase", "o número está mal escrito", "escreva só os algarismos"),
    ("integers with a radix", "o número está mal escrito", "escreva só os algarismos"),
    ("`_` may only go between digits", "o número está mal escrito", "escreva só os algarismos"),
    ("integer number overflowed", "o número é grande demais", "confira os algarismos"),
    ("floating-point number overflowed", "o número é grande demais", "confira os algarismos"),
    ("invalid integer", "o número está mal escrito", "escreva só os algarismos"),
    (
        "invalid float",
        "o número está mal escrito",
        "escreva os algarismos, com ponto antes das casas decimais",
    ),
    (
        "invalid mantissa",
        "o número está mal escrito",
        "escreva os algarismos, com ponto antes das casas decimais",
    ),
    (
        "invalid fraction",
        "o número está mal escrito",
        "escreva os algarismos, com ponto antes das casas decimais",
    ),
    ("invalid hexadecimal number", "o número está mal escrito", "escreva só os algarismos"),
    ("invalid octal number", "o número está mal escrito", "escreva só os algarismos"),
    ("invalid binary number", "o número está mal escrito", "escreva só os algarismos"),
    (
        "invalid exponent",
        "o número está mal escrito",
        "escreva os algarismos, com ponto antes das casas decimais",
    ),
    ("invalid basic string", "o texto não está bem fechado", "comece e termine o texto com aspas (\")"),
    ("invalid literal string", "o texto não está bem fechado", "comece e termine o texto com aspas (\")"),
    ("missing opening quote", "o texto não está bem aberto", "comece e termine o texto com aspas (\")"),
    (
        "invalid multi-line",
        "o texto de várias linhas não está bem fechado",
        "comece-o e termine-o com três aspas",
    ),
    (
        "keys cannot be multi-line",
        "a chave tem três aspas",
        "escreva a chave sem aspas, ou entre aspas simples",
    ),
    (
        "invalid unquoted key",
        "a chave tem letra que não pode ter",
        "escreva-a sem acento; um nome com espaço vai entre aspas",
    ),
    ("unquoted keys cannot be empty", "falta a chave antes do `=` ou do ponto", "escreva `chave = valor`"),
    (
        "missing escaped value",
        "a barra invertida não pode estar sozinha",
        "escreva `\\\\` ou use aspas simples",
    ),
    (
        "too few unicode value digits",
        "a barra invertida não pode estar sozinha",
        "escreva `\\\\` ou use aspas simples",
    ),
    ("unexpected key or value", "há algo a mais nesta linha", "deixe uma só `chave = valor` em cada linha"),
    ("unexpected content", "há algo a mais nesta linha", "apague o que sobra, ou comece-o com `#`"),
    (
        "comma after a value",
        "há uma vírgula depois do valor",
        "apague-a; casas decimais vão depois de um ponto: 1.5",
    ),
    (
        "cannot extend",
        "esta chave já tem um valor e não pode ser também tabela",
        "mude o nome de uma das duas",
    ),
    (
        "cannot recurse",
        "há listas ou tabelas dentro de listas em excesso",
        "confira se algum colchete ficou sem fechar",
    ),
    ("invalid key", "a chave está mal escrita", "escreva `chave = valor`"),
    ("invalid table", "o título da tabela está mal escrito", "escreva `[nome]`"),
    ("invalid value", "falta o valor, ou ele está mal escrito", "ponha textos entre \"aspas\""),
];

/// A few more that have no beginning of their own.
const INSIDE: [(&str, &str, &str); 3] = [
    ("comment", "há um caractere invisível no comentário", "apague o comentário e escreva-o de novo"),
    (
        "carriage return",
        "há um fim de linha estragado",
        "no editor, salve o arquivo com fins de linha do tipo Unix",
    ),
    (
        "recursion limit",
        "há listas ou tabelas dentro de listas em excesso",
        "confira se algum colchete ficou sem fechar",
    ),
];

/// How messages begin that are about one value, the keys and tables around it being whole.
const OF_A_VALUE: [&str; 21] = [
    "invalid boolean",
    "invalid date",
    "invalid time",
    "invalid offset",
    "string values must be quoted",
    "unexpected leading zero",
    "unexpected sign",
    "redundant",
    "radix must be lowercase",
    "integers with a radix",
    "`_` may only",
    "integer number overflowed",
    "floating-point number overflowed",
    "invalid integer",
    "invalid float",
    "invalid mantissa",
    "invalid fraction",
    "invalid exponent",
    "invalid hexadecimal number",
    "invalid octal number",
    "invalid binary number",
];

/// Whether only a value is wrong, and the keys and tables around it are whole.
pub(super) fn is_of_a_value(message: &str) -> bool {
    OF_A_VALUE.iter().any(|start| message.starts_with(start))
}

/// The text with another value of the same length in place of one; nothing when there is no room for it.
pub(super) fn without(text: &str, range: &Range<usize>) -> Option<String> {
    let fits = range.len() >= 2 && text.get(range.clone()).is_some_and(|value| !value.contains('\n'));
    fits.then(|| {
        let filling = "x".repeat(range.len() - 2);
        format!("{}\"{filling}\"{}", &text[..range.start], &text[range.end..])
    })
}

/// Where the line lies that a mistake stands in, without its end.
pub(super) fn line_at(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let bytes = text.as_bytes();
    let start = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let end = bytes[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |end| at + end);
    start..end
}

/// The text with blanks in place of a line, so that reading goes on after a mistake of structure; nothing where the
/// mistake reaches further than its line: what is left open, or a table's heading, without which keys would seem
/// another table's.
pub(super) fn past_line(text: &str, line: &Range<usize>, message: &str) -> Option<String> {
    let inside = text.get(line.clone())?;
    let reaches = message.starts_with("unclosed")
        || message.starts_with("invalid multi-line")
        || inside.trim_start().starts_with('[')
        || inside.trim().is_empty();
    (!reaches).then(|| format!("{}{}{}", &text[..line.start], " ".repeat(line.len()), &text[line.end..]))
}

/// What a word processor puts in place of straight quotes.
const CURLY: [char; 6] = ['“', '”', '„', '‘', '’', '‚'];

/// Where a line has curly quotes in place of straight ones: from the first to the one that closes it. Those inside a text
/// are part of it.
pub(super) fn curly(line: &str) -> Option<Range<usize>> {
    let mut open: Option<(char, usize)> = None;
    let mut letters = line.char_indices();
    while let Some((at, c)) = letters.next() {
        match (open, c) {
            (Some(('"', _)), '\\') => drop(letters.next()),
            (Some((quote, _)), c) if c == quote => open = None,
            (None, '"' | '\'') => open = Some((c, at)),
            (None, '#') => return None,
            (None, c) if CURLY.contains(&c) => {
                let after = at + c.len_utf8();
                let closes = line[after..].char_indices().find(|(_, c)| CURLY.contains(c));
                return Some(at..closes.map_or(after, |(next, c)| after + next + c.len_utf8()));
            }
            _ => {}
        }
    }
    // A straight quote that a curly one was to close.
    let (_, opened) = open?;
    let (at, c) = line[opened..].char_indices().find(|(_, c)| CURLY.contains(c))?;
    Some(opened..opened + at + c.len_utf8())
}

/// Tables of which a file may have several, each under a heading of its own.
const REPEATED: [&str; 3] = ["janela", "janela.prorrogacao", "feriado"];

/// Where the heading of such a table has single brackets, if the heading in this line clashes with one that has.
pub(super) fn single_brackets(text: &str, line: &Range<usize>) -> Option<(&'static str, Range<usize>)> {
    let heading = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    let here = heading(text.get(line.clone())?);
    let name =
        REPEATED.into_iter().find(|name| here == format!("[{name}]") || here == format!("[[{name}]]"))?;
    let mut at = 0;
    for written in text.split_inclusive('\n') {
        let start = at + written.len() - written.trim_start().len();
        at += written.len();
        if heading(written) == format!("[{name}]") && (start >= line.start || here.starts_with("[[")) {
            return Some((name, start..start + name.len() + 2));
        }
    }
    None
}

/// A message and a hint for a mistake of TOML syntax. `rest` is what the line goes on with where the mistake was seen.
pub(super) fn in_portuguese(message: &str, rest: &str) -> (String, String) {
    // What the reader says fits these worse than what they are.
    let message = match rest.chars().next() {
        None if message.starts_with("string values must be quoted") => "missing value",
        Some(',') if message.starts_with("unexpected") => "comma after a value",
        _ => message,
    };
    let begins = WORDS.iter().find(|(start, ..)| message.starts_with(start));
    let known = begins.or_else(|| INSIDE.iter().find(|(word, ..)| message.contains(word)));
    known.map_or_else(
        || ("o TOML está mal escrito aqui".to_owned(), "confira aspas, colchetes e vírgulas".to_owned()),
        |(_, what, hint)| ((*what).to_owned(), (*hint).to_owned()),
    )
}

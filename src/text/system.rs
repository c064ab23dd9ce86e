//! What the system says when something cannot be opened, reached or started, in words for operators. Pure.

use std::io;

/// What the system says of a file, for operators; its number stays, for whoever looks further.
pub fn io_words(error: &io::Error) -> String {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "não existe",
        io::ErrorKind::PermissionDenied => "sem permissão",
        io::ErrorKind::AlreadyExists => "já existe, e não é uma pasta",
        io::ErrorKind::IsADirectory => "é uma pasta, não um arquivo",
        io::ErrorKind::NotADirectory => "há um arquivo onde deveria haver uma pasta",
        io::ErrorKind::ReadOnlyFilesystem => "o disco só aceita leitura",
        io::ErrorKind::StorageFull => "o disco está cheio",
        io::ErrorKind::InvalidData => "o conteúdo não é texto em UTF-8",
        io::ErrorKind::TimedOut => "o tempo se esgotou",
        io::ErrorKind::ConnectionRefused => "a conexão foi recusada",
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "a conexão caiu"
        }
        io::ErrorKind::UnexpectedEof => "a conexão ou o arquivo terminou antes da hora",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "a rede não alcança o servidor",
        _ => return error.to_string(),
    };
    error
        .raw_os_error()
        .map_or_else(|| what.to_owned(), |number| format!("{what} (erro {number} do sistema)"))
}

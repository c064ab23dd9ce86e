//! The relay of tests: one conversation over SMTP whose every answer its [`Host`] may replace, on a port of loopback.
//!
//! The tests of a session bring a host that follows a script, the integration tests one that keeps every letter for as long
//! as a service runs; theirs is this same file. Tests only.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// When the relay acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Greeting,
    Ehlo,
    StartTls,
    /// Also when an empty line has answered a challenge, and when both answers of AUTH LOGIN have come.
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The first line of a body has come.
    Body,
    /// The letter has come.
    Dot,
    /// What there was to say of the letter is said.
    Said,
    Rset,
    Quit,
}

/// What the relay does.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// Says these lines; CRLF is added.
    Say(&'static str),
    /// Says exactly these bytes.
    Raw(Vec<u8>),
    /// Says these bytes one by one, with a pause before each.
    Drip(&'static str, Duration),
    /// Says these lines and closes.
    SayAndHangUp(&'static str),
    HangUp,
    /// Says nothing more, ever.
    Stall,
}

/// Who decides what one connection of the relay does.
pub(crate) trait Host: Send + 'static {
    /// What is done at this moment, after these bytes: the command's line, or the letter at [`Moment::Dot`]. None is what
    /// a well-behaved relay does.
    fn deed(&mut self, at: Moment, heard: &[u8]) -> impl Future<Output = Option<Deed>> + Send;

    /// How TLS is spoken; none speaks something else.
    fn tls(&self) -> Option<TlsAcceptor>;
}

/// TLS with this chain and key, both PEM.
pub(crate) fn acceptor(chain: &[u8], key: &[u8]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(chain).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cover {
    /// In the clear; STARTTLS works when asked for.
    Clear,
    /// From the first byte.
    Tls,
}

/// One connection from its greeting to its end.
pub(crate) async fn attend(stream: TcpStream, cover: Cover, mut host: impl Host) {
    stream.set_nodelay(true).unwrap();
    if cover == Cover::Tls {
        let Ok(stream) = host.tls().unwrap().accept(stream).await else { return };
        let _ended = converse(&mut host, stream, true, true).await;
        return;
    }
    let Some(mut stream) = converse(&mut host, stream, true, false).await else { return };
    let Some(tls) = host.tls() else {
        // Once the client has begun its part.
        let _begun = stream.readable().await;
        let _gone = stream.write_all(b"this is no TLS at all, and never was\r\n").await;
        return;
    };
    if let Ok(stream) = tls.accept(stream).await {
        let _ended = converse(&mut host, stream, false, true).await;
    }
}

/// Gives the stream back when STARTTLS was granted; nothing when the connection ended.
async fn converse<S>(host: &mut impl Host, stream: S, greet: bool, covered: bool) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    if greet {
        act(host, &mut stream, Moment::Greeting, b"", "220 scripted ESMTP").await?;
    }
    loop {
        let mut line = line(&mut stream).await?;
        if line == "AUTH LOGIN" {
            for question in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                stream.write_all(format!("{question}\r\n").as_bytes()).await.ok()?;
                line = format!("{line} {}", self::line(&mut stream).await?);
            }
        }
        let (moment, usual) = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if covered => (Moment::Ehlo, "250-scripted\r\n250 AUTH PLAIN LOGIN"),
            "EHLO" => (Moment::Ehlo, "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"),
            "STARTTLS" => (Moment::StartTls, "220 go ahead"),
            // An empty line answers a challenge.
            "AUTH" | "" => (Moment::Auth, "235 welcome"),
            "MAIL" => (Moment::Mail, "250 sender ok"),
            "RCPT" => (Moment::Rcpt, "250 recipient ok"),
            "DATA" => (Moment::Data, "354 go"),
            "RSET" => (Moment::Rset, "250 reset"),
            "QUIT" => (Moment::Quit, "221 bye"),
            other => panic!("not expected: {other}"),
        };
        let said = act(host, &mut stream, moment, line.as_bytes(), usual).await?;
        match moment {
            Moment::StartTls if said.starts_with(b"220") => return Some(stream.into_inner()),
            Moment::Data if said.starts_with(b"354") => take_letter(host, &mut stream).await?,
            Moment::Quit => return None,
            _ => {}
        }
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    (stream.read_line(&mut line).await.ok()? > 0).then(|| line.trim_end().to_owned())
}

async fn take_letter<S>(host: &mut impl Host, stream: &mut BufReader<S>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut letter = Vec::new();
    let mut first = true;
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        if std::mem::take(&mut first) {
            act(host, stream, Moment::Body, b"", "").await?;
        }
        if line == b".\r\n" {
            break;
        }
        letter.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
    act(host, stream, Moment::Dot, &letter, "250 2.0.0 taken").await?;
    act(host, stream, Moment::Said, b"", "").await.map(|_| ())
}

/// What was said; none when the connection ends here.
async fn act<S>(
    host: &mut impl Host,
    stream: &mut S,
    at: Moment,
    heard: &[u8],
    usual: &str,
) -> Option<Vec<u8>>
where
    S: AsyncWrite + Unpin,
{
    let deed = host.deed(at, heard).await;
    let bytes = match &deed {
        None if !usual.is_empty() => format!("{usual}\r\n").into_bytes(),
        Some(Deed::Say(text) | Deed::SayAndHangUp(text)) => format!("{text}\r\n").into_bytes(),
        Some(Deed::Raw(bytes)) => bytes.clone(),
        None | Some(Deed::Drip(..) | Deed::HangUp | Deed::Stall) => Vec::new(),
    };
    if let Some(Deed::Drip(text, pause)) = &deed {
        for byte in text.bytes() {
            tokio::time::sleep(*pause).await;
            stream.write_all(&[byte]).await.ok()?;
        }
    }
    stream.write_all(&bytes).await.ok()?;
    stream.flush().await.ok()?;
    match deed {
        Some(Deed::HangUp | Deed::SayAndHangUp(_)) => None,
        Some(Deed::Stall) => std::future::pending().await,
        _ => Some(bytes),
    }
}

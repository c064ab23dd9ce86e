//! The guard between lettre's SMTP connection and the network.
//!
//! lettre reads a line of any length before it measures it, keeps what came before STARTTLS, cannot tell a reply from
//! a stray one, and does not say on which side of the final dot it failed. All that is seen here, above TLS: every
//! byte read belongs to a reply that is awaited, or the connection is broken for good.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::reply::{ReplyFilter, Stray};

/// What broke a connection, in the order in which it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breakage {
    Closed,
    /// Something was said that nobody had asked.
    Stray,
    /// A reply beyond any measure.
    TooLong,
    Network(io::ErrorKind),
    /// This process may not speak any more.
    Silenced,
}

/// Asked before each write: whether this process may speak to a relay at all. Where several machines share a ledger, one does.
#[derive(Clone)]
pub struct Permit(Arc<dyn Fn() -> bool + Send + Sync>);

impl Permit {
    /// As the answer says at each moment.
    pub fn while_so(answer: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }
}

/// At any time.
impl Default for Permit {
    fn default() -> Self {
        Self::while_so(|| true)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&(self.0)()).finish()
    }
}

/// How much of a letter may have reached the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Its body is not wholly written.
    Underway,
    /// Its body is written and the final dot is not.
    BodyWritten,
    /// The final dot is written, or part of it.
    Ended,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

struct State {
    /// None once taken back for TLS.
    stream: Option<Stream>,
    peer: SocketAddr,
    replies: ReplyFilter,
    /// Commands in what is written next.
    commands: usize,
    /// Reply bytes that are ready for lettre.
    ready: Vec<u8>,
    progress: Progress,
    breakage: Option<Breakage>,
    permit: Permit,
}

/// The stream that lettre owns, and, cloned, the handle on it that the session keeps.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<State>>);

impl Wire {
    /// A connection in the clear, on which the relay greets.
    pub(super) fn plain(stream: TcpStream, permit: &Permit) -> io::Result<Self> {
        let peer = stream.peer_addr()?;
        Ok(Self::over(Stream::Plain(stream), peer, Vec::new(), permit))
    }

    /// A connection under TLS from its first byte, on which the relay greets.
    pub(super) fn tls(stream: TlsStream<TcpStream>, permit: &Permit) -> io::Result<Self> {
        let peer = stream.get_ref().0.peer_addr()?;
        Ok(Self::over(Stream::Tls(Box::new(stream)), peer, Vec::new(), permit))
    }

    /// A connection that STARTTLS has just put under TLS: the relay greeted before, and does not greet again, so the
    /// greeting that lettre waits for is given here.
    pub(super) fn upgraded(stream: TlsStream<TcpStream>, permit: &Permit) -> io::Result<Self> {
        let peer = stream.get_ref().0.peer_addr()?;
        Ok(Self::over(Stream::Tls(Box::new(stream)), peer, b"220 STARTTLS\r\n".to_vec(), permit))
    }

    fn over(stream: Stream, peer: SocketAddr, ready: Vec<u8>, permit: &Permit) -> Self {
        Self(Arc::new(Mutex::new(State {
            stream: Some(stream),
            peer,
            replies: ReplyFilter::new(),
            commands: 1,
            ready,
            progress: Progress::Underway,
            breakage: None,
            permit: permit.clone(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the socket back after STARTTLS was granted; none if the relay said a byte beyond that (it would be read
    /// as if it had come under TLS).
    pub(super) fn take_plain(&self) -> Option<TcpStream> {
        let mut state = self.lock();
        match state.stream.take() {
            Some(Stream::Plain(stream)) if state.breakage.is_none() => Some(stream),
            Some(Stream::Plain(_) | Stream::Tls(_)) | None => None,
        }
    }

    /// True when the relay offered PIPELINING (RFC 2920).
    pub(super) fn pipelines(&self) -> bool {
        self.lock().replies.pipelines()
    }

    /// True when the relay offered DSN.
    pub(super) fn reports(&self) -> bool {
        self.lock().replies.reports()
    }

    /// The next write holds that number of commands, each with a reply of its own.
    pub(super) fn commands(&self, number: usize) {
        self.lock().commands = number;
    }

    /// A new letter begins.
    pub(super) fn begin_letter(&self) {
        self.lock().progress = Progress::Underway;
    }

    /// The body is written; what is written next is the final dot.
    pub(super) fn body_written(&self) {
        self.lock().progress = Progress::BodyWritten;
    }

    /// True when the final dot, or part of it, may have reached the relay.
    pub(super) fn ended(&self) -> bool {
        self.lock().progress == Progress::Ended
    }

    /// What broke the connection, if anything did.
    pub(super) fn breakage(&self) -> Option<Breakage> {
        self.lock().breakage
    }

    /// True when the connection stands and the relay has said nothing since its last reply.
    pub(super) async fn is_quiet(&self) -> bool {
        // Lets the runtime learn of what came while nobody read.
        tokio::task::yield_now().await;
        std::future::poll_fn(|cx| Poll::Ready(self.lock().check_quiet(cx).is_ok())).await
    }
}

impl State {
    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn broken(&mut self, breakage: Breakage) -> io::Error {
        self.breakage.get_or_insert(breakage);
        match breakage {
            Breakage::Closed => io::ErrorKind::ConnectionAborted.into(),
            Breakage::Stray | Breakage::TooLong => io::ErrorKind::InvalidData.into(),
            Breakage::Network(kind) => kind.into(),
            Breakage::Silenced => io::ErrorKind::PermissionDenied.into(),
        }
    }

    /// Fails if the relay has spoken or gone while it had no question to answer.
    fn check_quiet(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Some(breakage) = self.breakage {
            return Err(self.broken(breakage));
        }
        let mut byte = [0];
        let mut probe = ReadBuf::new(&mut byte);
        match self.stream()?.poll_read(cx, &mut probe) {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(())) if probe.filled().is_empty() => Err(self.broken(Breakage::Closed)),
            Poll::Ready(Ok(())) => Err(self.broken(Breakage::Stray)),
            Poll::Ready(Err(error)) => Err(self.broken(Breakage::Network(error.kind()))),
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.ready.is_empty() {
            if let Some(breakage) = self.breakage {
                return Poll::Ready(Err(self.broken(breakage)));
            }
            let mut chunk = [0; 2048];
            let mut chunk = ReadBuf::new(&mut chunk);
            if let Err(error) = ready!(self.stream()?.poll_read(cx, &mut chunk)) {
                return Poll::Ready(Err(self.broken(Breakage::Network(error.kind()))));
            }
            if chunk.filled().is_empty() {
                return Poll::Ready(Err(self.broken(Breakage::Closed)));
            }
            if let Err(stray) = self.replies.take(chunk.filled(), &mut self.ready) {
                let error = match stray {
                    Stray::AfterReply => self.broken(Breakage::Stray),
                    Stray::TooLong => self.broken(Breakage::TooLong),
                };
                // The reply that was asked for still counts: "250 taken" and then "421 bye" is a letter taken.
                if stray == Stray::TooLong || self.ready.is_empty() {
                    return Poll::Ready(Err(error));
                }
            }
        }
        let fits = self.ready.len().min(buf.remaining());
        buf.put_slice(&self.ready[..fits]);
        self.ready.drain(..fits);
        Poll::Ready(Ok(()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check_quiet(cx)?;
        if !(self.permit.0)() {
            return Poll::Ready(Err(self.broken(Breakage::Silenced)));
        }
        match ready!(self.stream()?.poll_write(cx, bytes)) {
            Ok(written) => {
                if written > 0 {
                    self.replies.expect(self.commands);
                    if self.progress == Progress::BodyWritten {
                        self.progress = Progress::Ended;
                    }
                }
                Poll::Ready(Ok(written))
            }
            Err(error) => Poll::Ready(Err(self.broken(Breakage::Network(error.kind())))),
        }
    }
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("breakage", &self.breakage()).finish_non_exhaustive()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.lock().poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.lock().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().stream()?.poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.lock().peer)
    }
}

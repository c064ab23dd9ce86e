//! How the daemon runs: what `vigia.toml` says that is not the calendar's or the roster's.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

/// How the daemon runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `modo`
    pub mode: Mode,
    /// `ao_incerto`
    pub on_uncertain: UncertainPolicy,
    /// `dados`: letters, reports, and the database.
    pub data: PathBuf,
    /// `[smtp]`: the relay; always there in production.
    pub relay: Option<RelaySettings>,
    /// `devolucoes.maildir`: the mailbox that failures and receipts are delivered into; absent: none is looked at.
    pub returns: Option<PathBuf>,
    /// `[painel]`: the pages for staff; absent: none are served.
    pub panel: Option<PanelSettings>,
    /// `[alertas]`: how staff are told besides by mail.
    pub channels: ChannelSettings,
    /// `[sinal]`: where signs of life go; absent: nowhere.
    pub signal: Option<SignalSettings>,
    /// `saude.atraso`: something due that has not left for so long is an ailment.
    pub lateness: SignedDuration,
    /// `[banco]`: where the ledger is kept.
    pub database: DatabaseSettings,
    /// `guardar_anos`: for how many years personal data is kept.
    pub keep_years: u16,
    /// `retomar_contato_dias`: after so long an address that is said not to exist gets one more try.
    pub retry_contact_after: SignedDuration,
    /// `vigiar_arquivos`: whether changed files are read again without being asked to.
    pub watch_files: bool,
}

/// `[banco]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseSettings {
    /// `sqlite`: a file under `dados`.
    File,
    /// `postgres://…`
    Server(ServerSettings),
}

/// A PostgreSQL server, and the place in it that this service has for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Its name or address, or the folder of its socket.
    pub host: String,
    pub port: u16,
    /// Who connects.
    pub user: String,
    pub database: String,
    /// `esquema`: as written; a rehearsal has one of its own beside it.
    pub schema: String,
    /// `sslmode`
    pub tls: DatabaseTls,
    /// `senha_arquivo`: its first line is the password; absent: it comes from the surroundings. Never read here.
    pub password_file: Option<PathBuf>,
    /// `ca_arquivo`: certificates (PEM) of a private authority; absent: the system's.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to the server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseTls {
    /// `verify-full`: a certificate of a known authority for that very host.
    Full,
    /// `verify-ca`: a certificate of a known authority.
    Authority,
    /// None, as is allowed on the same machine.
    Off,
}

/// `modo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `ensaio`: letters become files, nobody is written to.
    Rehearsal,
    /// `producao`
    Production,
}

/// `ao_incerto`: what to do with a letter whose acceptance is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UncertainPolicy {
    /// `reenviar`: repeat it with the same Message-ID.
    Resend,
    /// `reter`: leave it to staff.
    Hold,
}

/// `[smtp]`: the relay that takes the letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelaySettings {
    /// Host name or address.
    pub host: String,
    pub port: u16,
    pub security: RelaySecurity,
    pub user: Option<String>,
    /// `[smtp.oauth2]`: tokens in place of a password; absent: a password.
    pub oauth: Option<OauthSettings>,
    /// File whose first line is the password; absent: it comes from the surroundings. Never read here.
    pub password_file: Option<PathBuf>,
    /// File with certificates (PEM) of a private authority; absent: the system's.
    pub ca_file: Option<PathBuf>,
    pub per_minute: u32,
    /// Most letters in a civil day.
    pub per_day: u32,
    pub connections: u16,
    pub patience: RelayPatience,
}

/// `[smtp.oauth2]`: where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthSettings {
    /// `url`: the token endpoint.
    pub url: String,
    /// `cliente`: the client id.
    pub client: String,
    /// `escopo`
    pub scope: Option<String>,
    /// `concessao`
    pub grant: OauthGrant,
    /// `segredo_arquivo`: file whose first line is the client's secret; absent: it comes from the surroundings.
    pub secret_file: Option<PathBuf>,
    /// `renovacao_arquivo`: the same of the refresh token.
    pub refresh_file: Option<PathBuf>,
}

/// `smtp.oauth2.concessao`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthGrant {
    /// `cliente`: for being the client (client credentials).
    Client,
    /// `renovacao`: for a refresh token.
    Refresh,
}

/// How long each step of a conversation with the relay may take; the defaults are those of RFC 5321 §4.5.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelayPatience {
    /// `espera_conexao`: name resolution and TCP, and again TLS. The RFC names no time.
    pub connect: Duration,
    /// `espera_saudacao`: greeting and EHLO together.
    pub greeting: Duration,
    /// `espera_comando`: each command.
    pub command: Duration,
    /// `espera_texto`: the letter, without its end.
    pub data: Duration,
    /// `espera_final`: the reply to the letter. A letter given up here may be sent twice.
    pub final_dot: Duration,
}

impl RelayPatience {
    /// Over one letter: a loop that has not got on for an hour counts as hung, and systemd starts the service again.
    pub const LONGEST: Duration = Duration::from_mins(55);

    /// What one letter may take at most: TCP and TLS, the greeting, seven commands, the text, and the reply to it.
    pub fn over_one_letter(&self) -> Duration {
        let Self { connect, greeting, command, data, final_dot } = *self;
        connect
            .saturating_mul(2)
            .saturating_add(greeting)
            .saturating_add(command.saturating_mul(7))
            .saturating_add(data)
            .saturating_add(final_dot)
    }
}

impl Default for RelayPatience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_mins(5),
            command: Duration::from_mins(5),
            data: Duration::from_mins(3),
            final_dot: Duration::from_mins(10),
        }
    }
}

/// `[alertas]`: how staff are told besides by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelSettings {
    /// `webhook` and what belongs to it.
    pub webhook: Option<WebhookSettings>,
    /// `comando`: a program by its whole path, and its arguments. The text comes on its standard input.
    pub command: Option<Vec<String>>,
    /// `espera`: an alert that no mail server took for so long goes by these.
    pub after: SignedDuration,
}

impl ChannelSettings {
    /// `espera` where nothing is said.
    pub const AFTER: SignedDuration = SignedDuration::from_mins(30);
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self { webhook: None, command: None, after: Self::AFTER }
    }
}

/// `alertas.webhook`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// The address; `{segredo}` in it stands for the secret.
    pub url: String,
    /// `formato`: what the other side understands.
    pub format: WebhookFormat,
    /// `conversa`: the chat, for Telegram.
    pub chat: Option<String>,
    /// `segredo_arquivo`: file whose first line is the secret; absent: it comes from the surroundings, if there is one.
    pub secret_file: Option<PathBuf>,
}

/// `alertas.formato`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// An object of our own.
    Json,
    /// Microsoft Teams, as a Workflows webhook takes it.
    Teams,
    /// Slack, and what imitates it (Mattermost, Rocket.Chat).
    Slack,
    /// The Telegram bot API.
    Telegram,
    Ntfy,
}

/// `[sinal]`: where signs of life go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalSettings {
    /// The address; `{segredo}` in it stands for the secret.
    pub url: String,
    /// `formato`: what the other side understands.
    pub format: SignalFormat,
    /// `cada`: how often.
    pub every: Duration,
    /// `segredo_arquivo`: as that of a webhook.
    pub secret_file: Option<PathBuf>,
}

/// `sinal.formato`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalFormat {
    /// Start, success and failure, each with an end of its own (`/start`, none, `/fail`), as Healthchecks has them.
    Healthchecks,
    /// Success alone; failure is silence.
    Plain,
}

/// `smtp.seguranca`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelaySecurity {
    /// STARTTLS, required.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None; only to this very machine.
    None,
}

/// `[painel]`: where the panel is served, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelSettings {
    /// `escuta`: address and port.
    pub listen: SocketAddr,
    /// `certificado` and `certificado_chave`; absent: plain HTTP.
    pub tls: Option<PanelTls>,
    /// `proxy`: the reverse proxies, by address; empty: none.
    pub proxies: Vec<IpAddr>,
    /// `senhas`: the file with a line for each user. Never read here.
    pub passwords: Option<PathBuf>,
    /// `usuario_cabecalho`: the header in which a proxy says who asks, in lower case. Only with `proxies`.
    pub user_header: Option<String>,
    /// `agenda_serie`: another number makes every calendar address given before void.
    pub agenda_series: u32,
}

impl PanelSettings {
    /// Whether whoever asks must say who they are: always off loopback, and on loopback where there is a way to, or a proxy
    /// that may bring anybody.
    pub fn asks_who(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
            || !self.proxies.is_empty()
            || self.passwords.is_some()
            || self.user_header.is_some()
    }
}

/// The panel's certificate and key (PEM). Never read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelTls {
    /// `certificado`: the chain, the panel's own first.
    pub certificate: PathBuf,
    /// `certificado_chave`
    pub key: PathBuf,
}

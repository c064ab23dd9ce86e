//! Who may see what: one rule, from what is configured and what a request says. No I/O.

use std::net::IpAddr;

use crate::config::PanelSettings;

/// Says whether the service is well, and nothing else: the one thing that everybody may ask.
pub(super) const HEALTH: &str = "/saude";
/// For calendar programs, which cannot say who they are: its address is the secret.
pub(super) const CALENDAR: &str = "/agenda.ics";

/// A request, as far as it matters to who may see what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    /// From which address.
    pub(super) peer: IpAddr,
    /// Which page.
    pub(super) path: &'a str,
    /// The `Host` header.
    pub(super) host: Option<&'a str>,
    /// Whether something says that somebody else asked whoever asks us: a header, or a version that no browser speaks.
    pub(super) is_forwarded: bool,
    /// Whether the browser says that a page of another site had it ask.
    pub(super) is_of_other_site: bool,
    /// What the user header says; none where it is absent, or there more than once.
    pub(super) user_header: Option<&'a str>,
    /// Whether the calendar's key is there and right.
    pub(super) has_key: bool,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Visitor {
    /// Anybody: sees nothing of persons.
    Anybody,
    /// Whoever sits at this machine.
    Local,
    /// Somebody with a name.
    User {
        /// As they said to the panel, or to the proxy before it.
        name: String,
        /// Whether the proxy says so.
        by_proxy: bool,
    },
}

/// What is to be done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It is answered.
    Admit(Visitor),
    /// It is, if its password is right.
    AskPassword,
    /// It comes from an address from which nothing is taken.
    Elsewhere,
    /// It was meant for another host: a page elsewhere may have had it sent (DNS rebinding).
    OtherHost,
    /// It came through a proxy of which the configuration does not know.
    UnknownProxy,
    /// The proxy did not say who asks.
    NoUser,
    /// A page of another site had it sent.
    OtherSite,
}

/// Rules on a request.
pub(super) fn rule(settings: &PanelSettings, asking: &Asking<'_>) -> Ruling {
    if asking.path == HEALTH {
        return Ruling::Admit(Visitor::Anybody);
    }
    let peer = asking.peer.to_canonical();
    let is_proxy = settings.proxies.contains(&peer);
    let is_here = settings.listen.ip().to_canonical().is_loopback();
    // Whatever is not enciphered here must be by the proxy.
    if settings.tls.is_none() && !is_here && !is_proxy {
        return Ruling::Elsewhere;
    }
    if asking.path == CALENDAR && asking.has_key {
        return Ruling::Admit(Visitor::Anybody);
    }
    if asking.is_of_other_site && asking.path != CALENDAR {
        return Ruling::OtherSite;
    }
    if !settings.asks_who() {
        return match asking.host {
            _ if !peer.is_loopback() => Ruling::Elsewhere,
            _ if asking.is_forwarded => Ruling::UnknownProxy,
            Some(host) if is_local(host) => Ruling::Admit(Visitor::Local),
            _ => Ruling::OtherHost,
        };
    }
    let named = asking.user_header.map(str::trim).filter(|name| is_name(name));
    match (named, &settings.user_header) {
        (Some(name), Some(_)) if is_proxy => {
            Ruling::Admit(Visitor::User { name: name.to_owned(), by_proxy: true })
        }
        _ if settings.passwords.is_some() => Ruling::AskPassword,
        (_, Some(_)) if is_proxy => Ruling::NoUser,
        _ => Ruling::Elsewhere,
    }
}

/// Whether a `Host` header names this very machine by a name that nobody else can give out.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// Whether a name may be one: what is shown and journalled is short, and on one line.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 128 && !name.chars().any(char::is_control)
}

/// An address, as it is counted: of IPv6 its first half, since whoever has one has all that share it.
pub(super) fn block(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1:8080";
    const OPEN: &str = "0.0.0.0:8443";

    fn settings(listen: &str, with: &str) -> PanelSettings {
        let has = |word| with.split(' ').any(|given| given == word);
        PanelSettings {
            listen: listen.parse().unwrap(),
            tls: has("tls").then(|| crate::config::PanelTls { certificate: "c".into(), key: "k".into() }),
            proxies: has("proxy").then(|| "10.0.0.5".parse().unwrap()).into_iter().collect(),
            passwords: has("senhas").then(|| "senhas".into()),
            user_header: has("cabecalho").then(|| "x-usuario".to_owned()),
            agenda_series: 1,
        }
    }

    fn asking<'a>(peer: &str, path: &'a str) -> Asking<'a> {
        Asking {
            peer: peer.parse().unwrap(),
            path,
            host: Some("127.0.0.1:8080"),
            is_forwarded: false,
            is_of_other_site: false,
            user_header: None,
            has_key: false,
        }
    }

    fn by_proxy(name: &str) -> Ruling {
        Ruling::Admit(Visitor::User { name: name.to_owned(), by_proxy: true })
    }

    #[test]
    fn on_loopback_only_whoever_sits_here_and_asks_for_this_host_sees_anything() {
        let here = settings(HERE, "");
        let ruled = |change: &dyn Fn(&mut Asking<'static>)| {
            let mut asking = asking("127.0.0.1", "/");
            change(&mut asking);
            rule(&here, &asking)
        };
        for host in ["localhost", "localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST:1"] {
            assert_eq!(ruled(&|a| a.host = Some(host)), Ruling::Admit(Visitor::Local), "{host}");
        }
        for host in ["painel.es.gov.br", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1", ""] {
            assert_eq!(ruled(&|a| a.host = Some(host)), Ruling::OtherHost, "{host}");
        }
        assert_eq!(ruled(&|a| a.host = None), Ruling::OtherHost);
        assert_eq!(ruled(&|a| a.is_forwarded = true), Ruling::UnknownProxy);
        assert_eq!(ruled(&|a| a.peer = "10.0.0.9".parse().unwrap()), Ruling::Elsewhere);
        assert_eq!(
            ruled(&|a| a.user_header = Some("ana")),
            Ruling::Admit(Visitor::Local),
            "no header counts"
        );
    }

    #[test]
    fn off_loopback_nothing_but_health_is_seen_by_who_does_not_say_who_they_are() {
        let peers = ["10.0.0.5", "10.0.0.9", "127.0.0.1", "::ffff:10.0.0.9"];
        let kinds = [
            settings(OPEN, "tls senhas"),
            settings(OPEN, "proxy senhas"),
            settings(OPEN, "proxy cabecalho"),
            settings(OPEN, "tls proxy senhas cabecalho"),
            settings(HERE, "senhas"),
            settings(HERE, "proxy"),
            settings(HERE, "proxy cabecalho"),
        ];
        for settings in &kinds {
            for peer in peers {
                for path in
                    ["/", "/metrics", "/telefonar", "/dossie/3205309", "/agenda.ics", "/estilo.css", "/x"]
                {
                    let ruling = rule(settings, &asking(peer, path));
                    assert!(!matches!(ruling, Ruling::Admit(_)), "{peer} {path} {settings:?}");
                }
                let health = rule(settings, &asking(peer, HEALTH));
                assert_eq!(health, Ruling::Admit(Visitor::Anybody), "{peer}");
            }
        }
    }

    #[test]
    fn a_proxys_word_counts_from_its_address_alone() {
        let behind = settings(OPEN, "proxy cabecalho");
        let with = |peer: &str, name: Option<&'static str>| {
            rule(&behind, &Asking { user_header: name, ..asking(peer, "/") })
        };
        assert_eq!(with("10.0.0.5", Some("ana")), by_proxy("ana"));
        assert_eq!(
            with("::ffff:10.0.0.5", Some("ana")),
            by_proxy("ana"),
            "the same address, as IPv6 shows it"
        );
        assert_eq!(with("10.0.0.9", Some("ana")), Ruling::Elsewhere);
        assert_eq!(with("127.0.0.1", Some("ana")), Ruling::Elsewhere);
        for nobody in [None, Some(""), Some("  "), Some("a\u{1b}[1m")] {
            assert_eq!(with("10.0.0.5", nobody), Ruling::NoUser, "{nobody:?}");
        }
        let both = settings(OPEN, "tls proxy senhas cabecalho");
        let with = |peer: &str| rule(&both, &Asking { user_header: Some("ana"), ..asking(peer, "/") });
        assert_eq!(with("10.0.0.9"), Ruling::AskPassword, "whoever comes past the proxy has a password");
    }

    #[test]
    fn no_page_of_another_site_has_anything_shown_but_the_calendar_and_health() {
        for (settings, peer) in
            [(settings(HERE, ""), "127.0.0.1"), (settings(OPEN, "tls senhas"), "10.0.0.9")]
        {
            let from = |path| {
                rule(&settings, &Asking { is_of_other_site: true, has_key: true, ..asking(peer, path) })
            };
            for path in ["/", "/dossie/3205309", "/telefonar.csv", "/metrics"] {
                assert_eq!(from(path), Ruling::OtherSite, "{path}");
            }
            assert_eq!(from(CALENDAR), Ruling::Admit(Visitor::Anybody));
            assert_eq!(from(HEALTH), Ruling::Admit(Visitor::Anybody));
        }
    }

    #[test]
    fn the_calendars_key_opens_the_calendar_and_nothing_else() {
        let open = settings(OPEN, "tls senhas");
        let with = |path| rule(&open, &Asking { has_key: true, ..asking("10.0.0.9", path) });
        assert_eq!(with(CALENDAR), Ruling::Admit(Visitor::Anybody));
        assert_eq!(with("/"), Ruling::AskPassword);
        let behind = settings(OPEN, "proxy senhas");
        let with = |peer| rule(&behind, &Asking { has_key: true, ..asking(peer, CALENDAR) });
        assert_eq!(with("10.0.0.9"), Ruling::Elsewhere, "not in the clear");
        assert_eq!(with("10.0.0.5"), Ruling::Admit(Visitor::Anybody));
    }

    #[test]
    fn all_that_one_network_of_ipv6_may_call_itself_is_one_address() {
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        assert_eq!(block(ip("2001:db8:1:2:3:4:5:6")), block(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(block(ip("2001:db8:1:2::1")), block(ip("2001:db8:1:3::1")));
        assert_eq!(block(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}

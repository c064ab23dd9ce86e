//! News as the ministry writes it, and as nobody should.

mod dates;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::{Date, date};

use super::date::{Lead, dates};
use super::*;
use crate::domain::feed::Source;
use crate::domain::id::{FeedId, SystemId};
use crate::domain::news::Topic;
use crate::feed::fixture;
use crate::text::encoding::Encoding;

fn spec(format: NewsFormat) -> NewsSpec {
    let usual = |topic: Topic| topic.usual_words().iter().map(|word| (*word).to_owned()).collect();
    let system = |id: &str, words: &[&str]| {
        (SystemId::parse(id).unwrap(), words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    };
    NewsSpec {
        id: FeedId::parse("redesuas").unwrap(),
        enabled: true,
        source: Source::Manual,
        format,
        words: Topic::ALL.into_iter().map(|topic| (topic, usual(topic))).collect(),
        systems: BTreeMap::from([
            system("censo-suas", &["Censo SUAS"]),
            system("rma", &[]),
            system("sisc", &["SISC"]),
        ]),
        recent_days: 30,
    }
}

const ADDRESS: &str = "http://blog.mds.gov.br/redesuas/feed/";

fn found(format: NewsFormat, bytes: &[u8], today: Date) -> Result<Vec<Finding>, NewsError> {
    let calendar = fixture::calendar();
    find(&spec(format), bytes, &NewsGround { calendar: &calendar, today, address: ADDRESS })
}

fn item(guid: &str, title: &str, day: &str, body: &str) -> String {
    format!(
        "<item><title>{title}</title><link>http://blog.mds.gov.br/redesuas/{guid}/</link><guid>{guid}</guid>\
         <pubDate>{day} 14:00:00 +0000</pubDate><description>resumo</description>\
         <content:encoded><![CDATA[{body}]]></content:encoded></item>"
    )
}

fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Rede SUAS</title>\
         <link>http://blog.mds.gov.br/redesuas</link>{items}</channel></rss>"
    )
}

fn shown(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let Finding { id: _, feed: _, system, topic, title, link, quote, published_on, guess } = finding;
        let day = |day: Option<Date>| day.map_or("?".to_owned(), |day| day.to_string());
        let references: Vec<String> = guess.references.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            out,
            "{system} {} [{title}] {link}\n  “{quote}”\n  publicada {}; abre {}; prazo {}; {}; escrito {:?}",
            topic.as_str(),
            day(*published_on),
            day(guess.opens_on),
            day(guess.deadline_on),
            references.join(" "),
            guess.written
        );
    }
    out
}

/// Posts of the shapes that the ministry's announcements took from 2011 on.
fn posts() -> String {
    rss(&[
        item(
            "1",
            "Censo SUAS 2023: prazo prorrogado",
            "Tue, 05 Dec 2023",
            "<p>O MDS informa que o per&iacute;odo de preenchimento, aberto em 23/10, foi prorrogado. O novo prazo vai \
             at&eacute; 19 de dezembro.</p><p>D&uacute;vidas: rede.suas@mds.gov.br</p>",
        ),
        item(
            "2",
            "Aberto o Censo SUAS 2023",
            "Mon, 23 Oct 2023",
            "<div>Está <b>aberto</b> o preenchimento do Censo&nbsp;SUAS 2023, de 23 de outubro a 5 de dezembro de \
             2023, conforme a Portaria nº 999, de 10 de outubro de 2023.</div>",
        ),
        item(
            "3",
            "Aviso de indisponibilidade",
            "Wed, 15 Nov 2023",
            "<p>O SISC está fora do ar desde 14/11/2023 e sem previsão de retorno. O RMA funciona normalmente.</p>",
        ),
        item("4", "Receita de bolo", "Wed, 15 Nov 2023", "<p>Aberto o apetite, prorrogue até 19/12.</p>"),
        item(
            "5",
            "RMA de outubro",
            "Fri, 01 Dec 2023",
            "<ul><li>O prazo do RMA da referência outubro de 2023 foi estendido para o dia 15.</li></ul>",
        ),
    ]
    .concat())
}

#[test]
fn a_feed_of_announcements_is_understood() {
    let findings = found(NewsFormat::Feed, posts().as_bytes(), date(2023, 12, 6)).unwrap();
    insta::assert_snapshot!(shown(&findings));
}

#[test]
fn the_same_post_is_the_same_finding_and_an_edited_date_is_a_new_one() {
    let ids = |body: &str, today| -> Vec<String> {
        let text = rss(&item("1", "Censo SUAS", "Tue, 05 Dec 2023", body));
        found(NewsFormat::Feed, text.as_bytes(), today).unwrap().iter().map(|f| f.id.to_string()).collect()
    };
    let first = ids("<p>Prazo prorrogado até 19/12. Lido 12 vezes</p>", date(2023, 12, 6));
    assert_eq!(first.len(), 1);
    for same in [
        "<div><p>Prazo  prorrogado até 19/12.</p></div><p>Lido 13 vezes</p>",
        "<h2>PRAZO prorrogado até 19/12.</h2>",
    ] {
        assert_eq!(ids(same, date(2024, 8, 1)), first, "{same}");
    }
    assert_ne!(ids("<p>Prazo prorrogado até 29/12. Lido 12 vezes</p>", date(2023, 12, 6)), first);
}

#[test]
fn a_page_is_watched_by_its_blocks_whatever_its_layout() {
    let calm = "<html><head><title>x</title><script>var a = 'Censo SUAS prorrogado até 01/01'</script></head><body>\
                <nav>Início | Contato</nav><h2>Censo SUAS</h2>\
                <p>O prazo foi prorrogado até 29/12/2023. <a href=\"/redesuas/censo\">Leia</a></p></body></html>";
    let other = "<!doctype html><body class=n42><div><table><tr><td><h3>Censo SUAS</h3></td></tr><tr><td>O prazo foi \
                 prorrogado at\u{e9} 29/12/2023. Leia</td></tr></table><footer>Acessos: 4712</footer></div>";
    let first = found(NewsFormat::Page, calm.as_bytes(), date(2023, 12, 20)).unwrap();
    assert_eq!(shown(&first).lines().count(), 3, "{}", shown(&first));
    assert_eq!(first[0].link, "http://blog.mds.gov.br/redesuas/censo");
    assert_eq!(first[0].guess.deadline_on, Some(date(2023, 12, 29)));
    let latin = Encoding::WINDOWS_1252.encode(other).unwrap();
    let second = found(NewsFormat::Page, &latin, date(2024, 3, 1)).unwrap();
    assert_eq!(second.iter().map(|f| &f.id).collect::<Vec<_>>(), [&first[0].id]);
}

#[test]
fn feeds_in_latin_1_and_atom_are_read_too() {
    let text = posts().replace("UTF-8", "ISO-8859-1");
    let latin = Encoding::WINDOWS_1252.encode(&text).unwrap();
    let today = date(2023, 12, 6);
    assert_eq!(
        found(NewsFormat::Feed, &latin, today).unwrap(),
        found(NewsFormat::Feed, posts().as_bytes(), today).unwrap()
    );
    let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>x</title><id>f</id><updated>2023-12-05T12:00:00Z\
                </updated><entry><id>e1</id><title type=\"html\">SISC &amp;amp; Cia: novo prazo</title>\
                <link href=\"https://fnas.mds.gov.br/e1\"/><updated>2023-12-05T12:00:00Z</updated>\
                <content type=\"html\">&lt;p&gt;O prazo do SISC foi prorrogado at&amp;eacute; 20/12.&lt;/p&gt;</content>\
                </entry></feed>";
    let findings = found(NewsFormat::Feed, atom.as_bytes(), today).unwrap();
    assert_eq!(findings.len(), 1, "{}", shown(&findings));
    assert_eq!(findings[0].title, "SISC & Cia: novo prazo");
    assert_eq!(findings[0].guess.deadline_on, Some(date(2023, 12, 20)));
}

#[test]
fn what_is_no_news_is_said_to_be_none() {
    let today = date(2023, 12, 6);
    for (format, bytes, expected) in [
        (NewsFormat::Feed, &b" \n"[..], NewsError::Empty),
        (NewsFormat::Feed, b"<html><body>Censo SUAS prorrogado</body></html>", NewsError::NotAFeed),
        (NewsFormat::Feed, b"{}", NewsError::NotAFeed),
        (NewsFormat::Feed, b"\x1F\x8B\x08", NewsError::NotAFeed),
        (NewsFormat::Page, b"{\"erro\": 1}", NewsError::NotAPage),
        (NewsFormat::Page, b"<?xml version=\"1.0\"?><rss version=\"2.0\"></rss>", NewsError::NotAPage),
        (
            NewsFormat::Feed,
            b"<rss version=\"2.0\"><channel><title>Rede SUAS</title></channel></rss>",
            NewsError::NoPosts,
        ),
        (
            NewsFormat::Feed,
            b"<rss version=\"2.0\"><channel><item><title> </title></item></channel></rss>",
            NewsError::NoPosts,
        ),
        (
            NewsFormat::Page,
            b"<html><body><div id=app></div><script>x()</script></body></html>",
            NewsError::Blank,
        ),
    ] {
        assert_eq!(found(format, bytes, today), Err(expected));
    }
    let many = "a=1 ".repeat(300);
    let page = format!("<html><p {many}>O Censo SUAS foi prorrogado até 18/12.</p></html>");
    assert_eq!(found(NewsFormat::Page, page.as_bytes(), today), Err(NewsError::Endless));
    let post = format!("<div {many}><p>O prazo do Censo SUAS foi prorrogado até 18/12.</p></div>");
    let posts = rss(&item("1", "Aviso", "Tue, 05 Dec 2023", &post));
    assert_eq!(found(NewsFormat::Feed, posts.as_bytes(), today).unwrap().len(), 1, "its words are read");
}

#[test]
fn a_link_that_nobody_should_follow_is_none() {
    for (href, expected) in [
        ("javascript:alert(1)", None),
        ("https://fnas.mds.gov.br/x", Some("https://fnas.mds.gov.br/x")),
        ("/x", Some("http://blog.mds.gov.br/x")),
        ("//outro.example/x", None),
        ("https://a.b/\nBcc: x", None),
    ] {
        assert_eq!(post::link(href, ADDRESS).as_deref(), expected, "{href}");
    }
}

/// What would take minutes if anything grew with the square of the bytes.
#[test]
fn hostile_pages_and_feeds_of_ten_megabytes_are_bounded() {
    let mut fonts = String::from("<p>");
    for n in 0..20_000 {
        let _ = write!(fonts, "<font size={n}>");
    }
    fonts.push_str(&"<p>Censo SUAS".repeat(20_000));
    let mut attributes = String::new();
    for n in 0..100_000 {
        let _ = write!(attributes, "a{n} ");
    }
    let attributes = format!("<p {attributes}>Censo SUAS prorrogado");
    let unclosed = format!("<p>{}", "<a<b".repeat(250_000));
    let words = format!("<p>{}</p>", "Censo SUAS prorrogado até 19/12 ".repeat(30_000));
    let many =
        rss(&item("1", "Censo SUAS", "Tue, 05 Dec 2023", &"<p>prorrogado até 19/12.</p>".repeat(30_000))
            .repeat(12));
    assert!(many.len() > 10_000_000);
    let (done, waits) = std::sync::mpsc::channel();
    let work = std::thread::spawn(move || {
        let today = date(2023, 12, 6);
        let blank = found(NewsFormat::Page, format!("<html>{}", "<div>".repeat(200_000)).as_bytes(), today);
        assert_eq!(blank, Err(NewsError::Blank));
        for page in [fonts, attributes, unclosed, words] {
            let findings = found(NewsFormat::Page, format!("<html>{page}").as_bytes(), today).unwrap();
            assert!(findings.len() <= 200);
            assert!(findings.iter().all(|f| f.quote.len() < 2_000));
        }
        assert_eq!(found(NewsFormat::Feed, many.as_bytes(), today).unwrap().len(), 1);
        done.send(()).unwrap();
    });
    assert_eq!(waits.recv_timeout(Duration::from_mins(2)), Ok(()), "too slow, or a panic");
    work.join().unwrap();
}

fn doubts_of(body: &str) -> Option<(Option<Date>, Vec<&'static str>)> {
    let text = rss(&item("1", "Aviso da Rede SUAS", "Tue, 05 Dec 2023", body));
    let findings = found(NewsFormat::Feed, text.as_bytes(), date(2023, 12, 6)).unwrap();
    let census = findings.iter().find(|f| f.system.as_str() == "censo-suas")?;
    Some((census.guess.deadline_on, census.guess.doubts.iter().map(|doubt| doubt.as_str()).collect()))
}

#[test]
fn a_date_is_proposed_only_when_the_sentence_affirms_it_of_that_system_and_that_public() {
    let affirmed = Some((Some(date(2023, 12, 18)), Vec::new()));
    for sentence in [
        "O prazo do Censo SUAS 2023 foi prorrogado até 18/12.",
        "Fica prorrogado para 18 de dezembro o prazo de preenchimento do Censo SUAS.",
        "O prazo do Censo SUAS será estendido até o dia 18/12/2023.",
        "Quem ainda não preencheu o Censo SUAS tem novo prazo: até 18/12.",
        "O prazo do Censo SUAS foi prorrogado de 05/12 para 18/12.",
        "O prazo do Censo SUAS foi prorrogado até as 23h59 de 18/12.",
    ] {
        assert_eq!(doubts_of(&format!("<p>{sentence}</p>")), affirmed, "{sentence}");
    }
    for (sentence, doubt) in [
        ("O prazo do Censo SUAS não será prorrogado até 18/12.", "negado"),
        ("É falsa a notícia. O prazo do Censo SUAS foi prorrogado até 18/12.", "negado"),
        ("Não há prorrogação do Censo SUAS até 18/12.", "negado"),
        ("O prazo do Censo SUAS pode ser prorrogado até 18/12.", "incerto"),
        ("Municípios pedem que o Censo SUAS seja prorrogado até 18/12.", "incerto"),
        ("O Censo SUAS será prorrogado até 18/12?", "incerto"),
        ("O prazo do Censo SUAS foi prorrogado para <del>11/12</del> 18/12.", "retificado"),
        ("O Censo SUAS foi prorrogado até <s>11/12</s> <ins>18/12</ins>.", "retificado"),
        (
            "O Censo SUAS foi prorrogado até <span style=\"text-decoration: line-through\">11/12</span> 18/12.",
            "retificado",
        ),
        ("Prorrogação do Censo SUAS: onde se lê 18/12, leia-se 11/12.", "retificado"),
        ("O prazo do Censo SUAS e o do SISC foram prorrogados até 18/12.", "outro_sistema"),
        ("O prazo do Censo SUAS e do Cadastro Único foi prorrogado até 18/12.", "outro_sistema"),
        ("As inscrições no curso do Censo SUAS foram prorrogadas até 18/12.", "outro_assunto"),
        ("Para os municípios do Rio Grande do Sul o Censo SUAS foi prorrogado até 18/12.", "outro_publico"),
        ("O Censo SUAS foi prorrogado até 18/12 no RS.", "outro_publico"),
        ("O prazo do Censo SUAS foi prorrogado até 18/12 somente para quem pediu.", "outro_publico"),
        ("A abertura do Censo SUAS foi adiada para 18/12.", "abertura_mudou"),
        ("O prazo do Censo SUAS foi prorrogado até 11/12 ou até 18/12.", "varias_datas"),
        ("O Censo SUAS foi prorrogado até 18/12, das 8h às 18h.", "varias_datas"),
        ("Censo SUAS prorrogado até 11/12.</p><p>Censo SUAS prorrogado até 18/12.", "varias_datas"),
    ] {
        let (_, doubts) = doubts_of(&format!("<p>{sentence}</p>")).expect(sentence);
        assert!(doubts.contains(&doubt), "{sentence}: {doubts:?}");
    }
}

#[test]
fn whatever_a_sentence_says_beside_the_date_is_a_doubt() {
    for more in [
        "para municípios de pequeno porte",
        "para municípios da região Norte",
        "para os municípios que decretaram desastre",
        "para quem aderiu",
        "mas a decisão foi suspensa",
        "a critério do gestor",
    ] {
        let (on, doubts) =
            doubts_of(&format!("<p>O prazo do Censo SUAS foi prorrogado até 18/12/2023 {more}.</p>"))
                .unwrap();
        assert_eq!(on, Some(date(2023, 12, 18)));
        assert!(!doubts.is_empty(), "{more}");
    }
    for body in [
        "<p>Municípios com até 20 mil habitantes: o Censo SUAS foi prorrogado até 18/12.</p>",
        "<p>Municípios com até 20 mil habitantes:</p><ul><li>Censo SUAS prorrogado até 18/12.</li></ul>",
        "<p>O prazo do Censo SUAS teria sido prorrogado até 18/12.</p>",
        "<p>O conselho quer que o prazo do Censo SUAS seja prorrogado até 18/12.</p>",
        "<p>Há um ano o prazo do Censo SUAS foi prorrogado até 18/12.</p>",
        "<p>O prazo do Censo SUAS foi prorrogado até 18/12. A decisão foi suspensa por liminar.</p>",
        "<p>O prazo prorrogável do Censo SUAS vai até 18/12.</p>",
    ] {
        let (_, doubts) = doubts_of(body).expect(body);
        assert!(!doubts.is_empty(), "{body}");
    }
    for sentence in [
        "O Ministério do Desenvolvimento e Assistência Social, Família e Combate à Fome (MDS) informa que o prazo para \
         preenchimento do Censo SUAS 2023 foi prorrogado até o dia 18 de dezembro de 2023.",
        "Atenção, municípios: o prazo do Censo SUAS fica prorrogado até segunda-feira, 18/12, às 23h59.",
        "O preenchimento do Censo SUAS foi prorrogado para todos os municípios até 18/12, conforme a Portaria nº 9.",
    ] {
        let affirmed = Some((Some(date(2023, 12, 18)), Vec::new()));
        assert_eq!(doubts_of(&format!("<p>{sentence}</p>")), affirmed, "{sentence}");
    }
}

#[test]
fn an_hour_other_than_the_end_of_the_day_is_kept() {
    let hour = |sentence: &str| {
        let text = rss(&item("1", "Aviso", "Tue, 05 Dec 2023", &format!("<p>{sentence}</p>")));
        let findings = found(NewsFormat::Feed, text.as_bytes(), date(2023, 12, 6)).unwrap();
        findings[0].guess.deadline_at.map(|at| at.to_string())
    };
    for (sentence, expected) in [
        ("O prazo do Censo SUAS foi prorrogado até as 18h de 18/12.", Some("18:00:00")),
        ("O prazo do Censo SUAS foi prorrogado até 18/12, às 17h30.", Some("17:30:00")),
        ("O prazo do Censo SUAS foi prorrogado até 18/12 às 12:00.", Some("12:00:00")),
        ("O prazo do Censo SUAS foi prorrogado até o meio-dia de 18/12.", Some("12:00:00")),
        ("O prazo do Censo SUAS foi prorrogado até as 23h59 de 18/12.", None),
        ("O prazo do Censo SUAS foi prorrogado até 18/12.", None),
    ] {
        assert_eq!(hour(sentence).as_deref(), expected, "{sentence}");
    }
}

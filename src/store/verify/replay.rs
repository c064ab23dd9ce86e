//! What the journal tells, entry by entry, as rows. Pure.
//!
//! A body that cannot be read tells nothing: what it told of is then missed.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::super::chain::Link;
use super::super::contact;
use super::Expected;
use super::expect::{Must, Row, Rows};

/// The rows that the entries so far tell of.
#[derive(Default)]
pub(super) struct Replay {
    notices: BTreeMap<String, Notice>,
    letters: Rows,
    deliveries: BTreeMap<String, Delivery>,
    /// Deliveries by notice.
    of_notice: HashMap<String, Vec<String>>,
    attempts: Rows,
    /// Flagged addresses by digest.
    contacts: Rows,
    mappings: Rows,
    snapshots: Rows,
    rulings: Rows,
    overrides: Rows,
    readings: Rows,
    outages: Rows,
    returns: Rows,
    links: Rows,
    configurations: Rows,
    parts: Rows,
    files: Rows,
    refusals: Rows,
}

#[derive(Default)]
struct Notice {
    /// What was decided when it was last put down whole.
    row: Row,
    queued_at: Option<i64>,
    /// The last decision.
    act: Option<String>,
    cause: Option<String>,
    because: Option<String>,
}

struct Delivery {
    key: String,
    version: u16,
    role: Option<String>,
    state: String,
    attempts: i64,
    next_attempt_at: Option<i64>,
    valid_until: Option<i64>,
    stopped: Option<(i64, String)>,
    reached_at: Option<i64>,
    sending_at: Option<i64>,
    settled_at: Option<i64>,
    /// Digest of what was said last.
    reply: Option<String>,
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

/// An instant as the tables have it.
fn ms(value: &Value) -> Option<i64> {
    Some(value.as_str()?.parse::<Timestamp>().ok()?.as_millisecond())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Sets one column of a row.
fn set(row: &mut Row, column: &'static str, must: Must) {
    row.retain(|(name, _)| *name != column);
    row.push((column, must));
}

impl Replay {
    /// Takes in the next entry.
    pub(super) fn take(&mut self, entry: &Link<'_>) {
        let Ok(body) = serde_json::from_str::<Value>(entry.body) else { return };
        match entry.kind {
            "decisao" => self.decided(entry, &body),
            "entrega" => self.delivered(entry, &body),
            "contato" => self.contact(entry, &body),
            "coleta" => self.collected(entry, &body),
            "ordem" => self.ordered(entry, &body),
            "leitura" => self.read(entry, &body),
            "parada" => self.silent(&body),
            "configuracao" => self.configured(entry, &body),
            _ => {}
        }
    }

    fn decided(&mut self, entry: &Link<'_>, body: &Value) {
        let key = entry.subject.to_owned();
        let version = body["versao"].as_i64().unwrap_or_default();
        let act = text(&body["acao"]);
        // A notice that reached somebody keeps what its letter said, unless there is a new letter.
        let reached = self.of_notice.get(&key).into_iter().flatten();
        let is_reached =
            reached.filter_map(|id| self.deliveries.get(id)).any(|delivery| delivery.reached_at.is_some());
        let notice = self.notices.entry(key.clone()).or_default();
        if body["carta"].is_object() || !is_reached {
            notice.row = notice_row(entry, body, version);
            if matches!(act.as_deref(), Some("enviar" | "publicar")) {
                notice.queued_at = Some(entry.at);
            }
        }
        (notice.act, notice.cause, notice.because) = (act, text(&body["causa"]), text(&body["porque"]));
        self.stopped(entry.at, &body["parou"]);
        for id in texts(&body["retomou"]) {
            if let Some(delivery) = self.deliveries.get_mut(id) {
                delivery.stopped = None;
                delivery.valid_until = ms(&body["valido_ate"]);
                if matches!(delivery.state.as_str(), "retirado" | "expirado") {
                    "registrado".clone_into(&mut delivery.state);
                }
            }
        }
        self.recorded(entry, body, version);
    }

    fn stopped(&mut self, at: i64, told: &Value) {
        let by = text(&told["por"]).unwrap_or_default();
        for (list, ends) in [("encerradas", true), ("paradas", false)] {
            for id in texts(&told[list]) {
                let Some(delivery) = self.deliveries.get_mut(id) else { continue };
                delivery.stopped = Some((at, by.clone()));
                if ends {
                    delivery.state = text(&told["estado"]).unwrap_or_default();
                }
            }
        }
    }

    fn recorded(&mut self, entry: &Link<'_>, body: &Value, version: i64) {
        let letter = &body["carta"];
        let Some(digest) = text(&letter["sha256"]) else { return };
        let key = entry.subject.to_owned();
        let row = vec![
            ("message_id", Must::Text(text(&letter["message_id"]))),
            ("subject", Must::Text(text(&letter["assunto"]))),
            ("sha256", Must::text(digest.clone())),
            ("recorded_at", Must::number(entry.at)),
            ("bytes", Must::Digest(digest)),
        ];
        self.letters.insert(vec![key.clone(), version.to_string()], row);
        for told in letter["entregas"].as_array().into_iter().flatten() {
            let Some(id) = text(&told["entrega"]) else { continue };
            self.of_notice.entry(key.clone()).or_default().push(id.clone());
            let delivery = Delivery {
                key: key.clone(),
                version: u16::try_from(version).unwrap_or_default(),
                role: text(&told["papel"]),
                state: "registrado".to_owned(),
                attempts: 0,
                next_attempt_at: ms(&body["vence_em"]).map(|due| due.min(entry.at)),
                valid_until: ms(&body["valido_ate"]),
                stopped: None,
                reached_at: None,
                sending_at: None,
                settled_at: None,
                reply: None,
            };
            self.deliveries.insert(id, delivery);
        }
    }

    fn delivered(&mut self, entry: &Link<'_>, body: &Value) {
        if body["liberada"] == true {
            let id = body["entrega"].as_str().unwrap_or_default();
            if let Some(delivery) = self.deliveries.get_mut(id) {
                delivery.next_attempt_at = ms(&body["proxima"]);
            }
            return;
        }
        let (Some(id), Some(state)) = (text(&body["entrega"]), text(&body["estado"])) else { return };
        let reply = text(&body["resposta_sha256"]);
        let began = ms(&body["inicio"]);
        if let Some(n) = body["tentativa"].as_i64() {
            let row = vec![
                ("started_at", Must::Number(began)),
                ("ended_at", Must::number(entry.at)),
                ("outcome", Must::Text(text(&body["resultado"]))),
                ("reply", Must::Digest(reply.clone().unwrap_or_default())),
            ];
            self.attempts.insert(vec![id.clone(), n.to_string()], row);
        }
        self.returned(entry, &body["mensagem"], &id);
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.reached_at = match state.as_str() {
            "aceito" | "incerto" => delivery.reached_at.or(began),
            "lido" => delivery.reached_at.or(Some(entry.at)),
            _ => None,
        };
        if let Some(n) = body["tentativa"].as_i64() {
            (delivery.attempts, delivery.sending_at) = (n, began);
        }
        delivery.next_attempt_at = ms(&body["proxima"]);
        delivery.settled_at = Some(entry.at);
        (delivery.state, delivery.reply) = (state, reply);
    }

    fn returned(&mut self, entry: &Link<'_>, message: &Value, delivery: &str) {
        let Some(digest) = text(&message["sha256"]) else { return };
        let kept = text(&message["guardado_sha256"]).unwrap_or_default();
        self.links.insert(vec![delivery.to_owned(), digest.clone()], Row::new());
        self.returns.entry(vec![digest]).or_insert_with(|| {
            vec![
                ("received_at", Must::number(entry.at)),
                ("size", Must::Number(message["tamanho"].as_i64())),
                ("kept_sha256", Must::text(kept.clone())),
                ("bytes", Must::Digest(kept)),
            ]
        });
    }

    fn contact(&mut self, entry: &Link<'_>, body: &Value) {
        let key = vec![entry.subject.to_owned()];
        if body["acao"] == contact::FLAGGED {
            let why = text(&body["porque_sha256"]).unwrap_or_default();
            self.contacts.insert(key, vec![("since", Must::number(entry.at)), ("why", Must::Digest(why))]);
        } else {
            self.contacts.remove(&key);
        }
    }

    fn collected(&mut self, entry: &Link<'_>, body: &Value) {
        let mapping = text(&body["mapeado_sha256"]);
        if let Some(digest) = &mapping {
            self.mappings.insert(vec![digest.clone()], vec![("bytes", Must::Digest(digest.clone()))]);
        }
        let digest = text(&body["sha256"]);
        let original = match (&digest, body["original_guardado"].as_bool()) {
            (Some(digest), Some(true)) => Must::Digest(digest.clone()),
            _ => Must::Text(None),
        };
        let position = i64::try_from(self.snapshots.len()).unwrap_or(i64::MAX).saturating_add(1);
        let row = vec![
            ("position", Must::number(position)),
            ("feed", Must::Text(text(&body["fonte"]))),
            ("taken_at", Must::Number(ms(&body["em"]))),
            ("source", Must::Text(text(&body["origem"]))),
            ("sha256", Must::Text(digest)),
            ("row_count", Must::Number(body["linhas"].as_i64())),
            // Not told before crawls: the column's default.
            ("rejected", Must::number(body["rejeitadas"].as_i64().unwrap_or(0))),
            ("repeated", Must::number(body["repetidas"].as_i64().unwrap_or(0))),
            ("verdict", Must::Text(text(&body["veredito"]))),
            ("reasons", Must::text(body["motivos"].to_string())),
            ("mapping", Must::Text(mapping)),
            ("done", Must::Number(body["concluidos"].as_i64())),
            ("municipalities", Must::Number(body["municipios"].as_i64())),
            ("original", original),
            ("recorded_at", Must::number(entry.at)),
        ];
        self.snapshots.insert(vec![entry.subject.to_owned()], row);
    }

    /// A snapshot that a person believes in spite of the judge, or no longer believes.
    fn ruled(&mut self, entry: &Link<'_>, body: &Value) {
        let verdict = Must::Text(text(&body["veredito"]));
        let Some(row) = self.snapshots.get_mut(&vec![entry.subject.to_owned()]) else { return };
        let before = row.iter().find(|(column, _)| *column == "verdict").map(|(_, must)| must.clone());
        set(row, "verdict", verdict.clone());
        let ruling = vec![
            ("snapshot", Must::text(entry.subject)),
            ("ruled_at", Must::number(entry.at)),
            ("before", before.unwrap_or(Must::Text(None))),
            ("verdict", verdict),
            ("author", Must::Text(text(&body["autor"]))),
            ("reason", Must::Text(text(&body["motivo"]))),
        ];
        self.rulings.insert(vec![(self.rulings.len() + 1).to_string()], ruling);
    }

    fn ordered(&mut self, entry: &Link<'_>, body: &Value) {
        if body["ordem"] == "coleta" {
            self.ruled(entry, body);
            return;
        }
        let key = vec![entry.subject.to_owned()];
        let (author, reason) = (text(&body["autor"]), text(&body["motivo"]));
        if body["acao"] == "desfazer" {
            if let Some(row) = self.overrides.get_mut(&key) {
                set(row, "lifted_by", Must::Text(author));
                set(row, "lift_reason", Must::Text(reason));
                set(row, "lifted_at", Must::number(entry.at));
            }
            return;
        }
        let row = vec![
            ("kind", Must::Text(text(&body["ordem"]))),
            ("window_id", Must::Text(entry.window.map(ToOwned::to_owned))),
            ("municipality", Must::Number(entry.municipality)),
            ("part", Must::Text(text(&body["parte"]))),
            ("batch", Must::Text(text(&body["lote"]))),
            ("until_on", Must::Text(text(&body["ate"]))),
            ("author", Must::Text(author)),
            ("reason", Must::Text(reason)),
            ("decided_at", Must::number(entry.at)),
            ("lifted_by", Must::Text(None)),
            ("lift_reason", Must::Text(None)),
            ("lifted_at", Must::Number(None)),
            ("telephone", text(&body["telefone_sha256"]).map_or(Must::Text(None), Must::Digest)),
        ];
        self.overrides.insert(key, row);
    }

    /// A configuration put in force, with its files by digest, or one that could not be.
    fn configured(&mut self, entry: &Link<'_>, body: &Value) {
        let key = vec![entry.subject.to_owned()];
        if body["acao"] == "recusar" {
            self.refusals.entry(key).or_insert_with(|| vec![("first_at", Must::number(entry.at))]);
            return;
        }
        let in_force = ("in_force", Must::number(1));
        // Adopted again only because a refused one was taken back: it stands as it stood.
        if self.configurations.get(&key).is_some_and(|row| row.contains(&in_force)) {
            return;
        }
        for row in self.configurations.values_mut() {
            set(row, "in_force", Must::number(0));
        }
        let row = vec![
            ("directory", Must::Text(text(&body["pasta"]))),
            ("adopted_at", Must::number(entry.at)),
            ("adopted_by", Must::Text(text(&body["autor"]))),
            in_force,
        ];
        self.configurations.insert(key, row);
        for (name, digest) in body["arquivos"].as_object().into_iter().flatten() {
            let Some(digest) = text(digest) else { continue };
            let part = vec![entry.subject.to_owned(), name.clone()];
            self.parts.insert(part, vec![("sha256", Must::text(digest.clone()))]);
            self.files.insert(vec![digest.clone()], vec![("bytes", Must::Digest(digest))]);
        }
    }

    fn read(&mut self, entry: &Link<'_>, body: &Value) {
        let edition = body["edicao"].as_i64().unwrap_or_default();
        let key = vec![entry.subject.to_owned(), edition.to_string()];
        let row = self.readings.entry(key).or_insert_with(|| vec![("read_at", Must::number(entry.at))]);
        set(row, "deadline", Must::Text(text(&body["prazo"])));
        set(row, "source", Must::Text(text(&body["fonte"])));
    }

    fn silent(&mut self, body: &Value) {
        if let Some(until) = ms(&body["ate"]) {
            let row = vec![("from_at", Must::Number(ms(&body["de"])))];
            self.outages.entry(vec![until.to_string()]).or_insert(row);
        }
    }

    /// Every row that must be.
    pub(super) fn expected(self) -> Expected {
        let notices = self.notices.into_iter().map(|(key, notice)| (vec![key], notice.row()));
        let deliveries = self.deliveries.into_iter().map(|(id, delivery)| {
            let row = delivery.row(&id);
            (vec![id], row)
        });
        Expected::from([
            ("notices", notices.collect()),
            ("letters", self.letters),
            ("deliveries", deliveries.collect()),
            ("attempts", self.attempts),
            ("flagged_contacts", self.contacts),
            ("mappings", self.mappings),
            ("snapshots", self.snapshots),
            ("snapshot_rulings", self.rulings),
            ("overrides", self.overrides),
            ("edition_readings", self.readings),
            ("outages", self.outages),
            ("returns", self.returns),
            ("delivery_returns", self.links),
            ("configurations", self.configurations),
            ("config_parts", self.parts),
            ("config_files", self.files),
            ("config_refusals", self.refusals),
        ])
    }
}

fn notice_row(entry: &Link<'_>, body: &Value, version: i64) -> Row {
    let rung = body["degrau"].as_str().and_then(|rung| rung.strip_suffix('d')?.parse().ok());
    vec![
        ("window_id", Must::Text(entry.window.map(ToOwned::to_owned))),
        ("municipality", Must::Number(entry.municipality)),
        ("edition", Must::Number(body["edicao"].as_i64())),
        ("kind", Must::Text(text(&body["tipo"]))),
        ("rung", Must::Number(rung)),
        ("version", Must::number(version)),
        ("due_at", Must::Number(ms(&body["vence_em"]))),
        ("valid_until", Must::Number(ms(&body["valido_ate"]))),
        ("told", Must::Text(text(&body["prazo_informado"]))),
        ("parts", Must::text(texts(&body["partes"]).collect::<Vec<_>>().join("\n"))),
        ("recorded_at", Must::number(entry.at)),
    ]
}

impl Notice {
    fn row(self) -> Row {
        let mut row = self.row;
        row.push(("queued_at", Must::Number(self.queued_at)));
        row.push(("act", Must::Text(self.act)));
        row.push(("cause", Must::Text(self.cause)));
        row.push(("because", Must::Text(self.because)));
        row
    }
}

impl Delivery {
    fn row(self, id: &str) -> Row {
        let (stopped_at, stopped_by) = self.stopped.unzip();
        vec![
            ("notice_key", Must::text(self.key.clone())),
            ("version", Must::number(i64::from(self.version))),
            ("role", Must::Text(self.role)),
            ("address", Must::AddressOf { key: self.key, version: self.version, id: id.to_owned() }),
            ("state", Must::text(self.state)),
            ("attempts", Must::number(self.attempts)),
            ("next_attempt_at", Must::Number(self.next_attempt_at)),
            ("valid_until", Must::Number(self.valid_until)),
            ("stopped_at", Must::Number(stopped_at)),
            ("stopped_by", Must::Text(stopped_by)),
            ("reached_at", Must::Number(self.reached_at)),
            ("sending_at", Must::Number(self.sending_at)),
            ("settled_at", Must::Number(self.settled_at)),
            ("reply", self.reply.map_or_else(|| Must::text(""), Must::Digest)),
        ]
    }
}

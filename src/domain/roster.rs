//! Whom to tell: municipalities, units, contacts, and the secretariat's own offices. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::id::{EmailAddress, GerenciaId, MunicipalityCode, PartId, SystemId, UnitId};

/// Municipalities, their units, and the offices of the secretariat.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    pub municipalities: BTreeMap<MunicipalityCode, Municipality>,
    /// Units by municipality and part; absent when there is no `unidades.csv` (then every municipality is expected to
    /// have some of each part).
    pub units: Option<Units>,
    /// The secretariat's own.
    pub offices: Offices,
}

/// Units of the register, by municipality.
#[derive(Debug, Clone, Default)]
pub struct Units(HashMap<MunicipalityCode, Vec<Unit>>);

impl Units {
    /// Sorts units by municipality.
    pub fn new(units: impl IntoIterator<Item = Unit>) -> Self {
        let mut by_municipality: HashMap<MunicipalityCode, Vec<Unit>> = HashMap::new();
        for unit in units {
            by_municipality.entry(unit.municipality).or_default().push(unit);
        }
        for units in by_municipality.values_mut() {
            units.sort_by(|a, b| (&a.part, &a.id).cmp(&(&b.part, &b.id)));
        }
        Self(by_municipality)
    }

    /// Every unit of a municipality, open or closed, by part and id.
    pub fn of(&self, municipality: MunicipalityCode) -> &[Unit] {
        self.0.get(&municipality).map_or(&[], Vec::as_slice)
    }

    /// Every unit, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.0.values().flatten()
    }
}

/// One municipality.
#[derive(Debug, Clone)]
pub struct Municipality {
    /// IBGE code.
    pub code: MunicipalityCode,
    pub name: String,
    /// Region of the state, for reports.
    pub region: String,
    /// Contacts in the order in which they stand in for one another: smas, cmas, then further columns.
    pub contacts: Vec<Contact>,
    /// Systems that do not apply (`dispensas`).
    pub exempt: BTreeSet<SystemId>,
    /// `observacao`.
    pub note: String,
}

/// A role's addresses in one municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub role: Role,
    /// Addresses; may be empty.
    pub addresses: Vec<EmailAddress>,
    pub holder: String,
    pub telephone: String,
}

/// A unit of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The ministry's id.
    pub id: UnitId,
    pub municipality: MunicipalityCode,
    pub part: PartId,
    pub name: String,
    /// Addresses; may be empty.
    pub addresses: Vec<EmailAddress>,
    pub telephone: String,
    /// First day on which it counts; absent: always did.
    pub from: Option<Date>,
    /// Last day on which it counts; absent: still does.
    pub until: Option<Date>,
}

/// A role (papel): the capacity in which somebody is written to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The municipal secretariat.
    Smas,
    /// The municipal council.
    Cmas,
    Unit,
    /// A further column `NOME_email` of `municipios.csv`.
    Other(Arc<str>),
    /// A gerência of the secretariat.
    Gerencia(GerenciaId),
    Gsuas,
    /// Whoever gets alerts.
    Alerts,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smas => f.write_str("smas"),
            Self::Cmas => f.write_str("cmas"),
            Self::Unit => f.write_str("unidade"),
            Self::Other(name) => f.write_str(name),
            Self::Gerencia(id) => write!(f, "gerencia:{id}"),
            Self::Gsuas => f.write_str("gsuas"),
            Self::Alerts => f.write_str("alertas"),
        }
    }
}

impl Role {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "smas" => Self::Smas,
            "cmas" => Self::Cmas,
            "unidade" => Self::Unit,
            "gsuas" => Self::Gsuas,
            "alertas" => Self::Alerts,
            other => match other.strip_prefix("gerencia:") {
                Some(id) => Self::Gerencia(GerenciaId::parse(id).ok()?),
                None => Self::Other(other.into()),
            },
        })
    }
}

/// The secretariat's own addresses.
#[derive(Debug, Clone, Default)]
pub struct Offices {
    /// The gerências.
    pub gerencias: BTreeMap<GerenciaId, Office>,
    pub gsuas: Office,
    /// Who gets alerts; GSUAS when empty.
    pub alerts: Vec<EmailAddress>,
    /// Whether they get the page of the day too (`alertas.pagina_do_dia`).
    pub daily_page: bool,
}

/// An office of the secretariat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Office {
    /// Name in letters.
    pub name: String,
    /// Addresses; may be empty.
    pub addresses: Vec<EmailAddress>,
}

impl Offices {
    /// Addresses that alerts go to.
    pub fn alert_addresses(&self) -> &[EmailAddress] {
        if self.alerts.is_empty() { &self.gsuas.addresses } else { &self.alerts }
    }
}

impl Roster {
    /// Whether some municipality or unit is written to at this address, however it is capitalised.
    pub fn has_address(&self, address: &EmailAddress) -> bool {
        let contacts = self.municipalities.values().flat_map(|one| &one.contacts).flat_map(|c| &c.addresses);
        let units = self.units.iter().flat_map(Units::iter).flat_map(|unit| &unit.addresses);
        contacts.chain(units).any(|known| known == address)
    }

    /// Whether an address is one of a municipality's, or of its units, however it is capitalised.
    pub fn is_address_of(&self, code: MunicipalityCode, address: &EmailAddress) -> bool {
        let contacts = self.municipalities.get(&code).into_iter().flat_map(|one| &one.contacts);
        let units = self.units.iter().flat_map(|units| units.of(code));
        let mut known = contacts.flat_map(|c| &c.addresses).chain(units.flat_map(|unit| &unit.addresses));
        known.any(|known| known == address)
    }

    /// The name of a municipality; its code, where the roster does not have it.
    pub fn name_of(&self, code: MunicipalityCode) -> String {
        self.municipalities.get(&code).map_or_else(|| code.to_string(), |known| known.name.clone())
    }

    /// Every unit of a part in a municipality, open or closed.
    pub fn units_of<'a>(
        &'a self,
        municipality: MunicipalityCode,
        part: &'a PartId,
    ) -> impl Iterator<Item = &'a Unit> + 'a {
        self.units.iter().flat_map(move |u| u.of(municipality)).filter(move |u| u.part == *part)
    }
}

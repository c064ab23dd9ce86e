//! How entries are declared: once, so that struct, stored names and reference page cannot part ways. Pure.

/// One field of an entry, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in the stored object.
    pub name: &'static str,
    /// Its type, as declared.
    pub shape: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// One format that entries are written in: a kind, what happened, and a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// `entrega.tentativa.1`
    pub name: &'static str,
    /// The first version of the program that wrote it.
    pub since: &'static str,
    /// What it tells.
    pub meaning: &'static str,
    /// Its fields, in order.
    pub fields: &'static [Field],
}

impl Form {
    /// The version of its schema.
    pub fn version(&self) -> Option<u16> {
        self.name.rsplit_once('.')?.1.parse().ok()
    }
}

/// An object within entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectType {
    /// The name of its type.
    pub name: &'static str,
    /// What it tells.
    pub meaning: &'static str,
    /// Its fields, in order.
    pub fields: &'static [Field],
}

/// Structs by their fields, each with its stored name and what it means.
macro_rules! facts {
    ($($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $meaning:literal])+ $field:ident $stored:literal: $shape:ty,)*
    })+) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                $($(#[doc = $meaning])+ #[serde(rename = $stored)] pub $field: $shape,)*
            }

            impl $name {
                pub(super) const PART: crate::domain::journal::ObjectType = crate::domain::journal::ObjectType {
                    name: stringify!($name),
                    meaning: concat!($($about),+),
                    fields: &[$(crate::domain::journal::Field {
                        name: $stored,
                        shape: stringify!($shape),
                        meaning: concat!($($meaning),+),
                    },)*],
                };
            }
        )+
    };
}

/// The enum of entries by its variants, each with its format and the first version of the program that writes it.
macro_rules! entries {
    ($($(#[doc = $about:literal])+ $name:ident $form:literal since $since:literal { $($fields:tt)* })+) => {
        facts! { $($(#[doc = $about])+ $name { $($fields)* })+ }

        /// An entry of the journal.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "formato")]
        #[expect(clippy::large_enum_variant, reason = "entries pass one at a time, and most are decisions or attempts")]
        pub enum Entry {
            $($(#[doc = $about])+ #[serde(rename = $form)] $name($name),)+
        }

        impl Entry {
            /// Every format that entries are written in.
            pub const FORMS: &'static [Form] = &[$(Form {
                name: $form,
                since: $since,
                meaning: $name::PART.meaning,
                fields: $name::PART.fields,
            },)+];

            /// Reads an object of a format. Where it says which one itself is left to whoever reads: to look for that
            /// within would mean to hold all of it twice.
            pub(super) fn of_form(form: &str, text: &str) -> Option<Self> {
                match form {
                    $($form => serde_json::from_str(text).ok().map(Self::$name),)+
                    _ => None,
                }
            }

            /// The format that it is written in.
            pub fn form(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $form,)+
                }
            }
        }

        $(impl From<$name> for Entry {
            fn from(told: $name) -> Self {
                Self::$name(told)
            }
        })+
    };
}

pub(super) use {entries, facts};

//! Entries to the bytes that are kept, and back. Pure.

use super::Entry;

/// Why an entry cannot be read. Displayed to operators; the sequence number goes before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// No JSON object with a `formato`.
    #[error("não é um registro: foi alterado, ou gravado com defeito; restaure a última cópia que confere")]
    Shapeless,
    /// A kind or a version that this program does not have.
    #[error(
        "tem um formato que este programa não conhece (“{0}”): use a versão do programa que o gravou, ou uma mais nova"
    )]
    Unknown(String),
    /// A field is not there; one without a fact would be `null`.
    #[error(
        "(formato {form}) está sem o campo “{field}”: foi alterado, ou gravado com defeito; restaure a última cópia que \
         confere"
    )]
    Missing {
        /// Of which format.
        form: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// Everything is there, but not as this program writes it.
    #[error(
        "(formato {0}) não está escrito como este programa escreve: foi alterado, ou gravado com defeito; restaure a \
         última cópia que confere"
    )]
    Garbled(&'static str),
}

impl Entry {
    /// The first word of the format, as the journal's column has it: `decisao`, `entrega`.
    pub fn kind(&self) -> &'static str {
        self.form().split('.').next().unwrap_or_default()
    }

    /// The bytes that are kept and that the chain's hash covers.
    pub fn write(&self) -> String {
        // Text, numbers, lists and maps with text for keys: nothing that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the bytes that [`Entry::write`] writes, and no others.
    ///
    /// # Errors
    /// [`Unread`], with the first field that is missing where one is.
    pub fn read(kind: &str, text: &str) -> Result<Self, Unread> {
        match Self::parsed(text) {
            Some(entry) if entry.kind() == kind && entry.write() == text => Ok(entry),
            _ => Err(Self::fault(text)),
        }
    }

    /// What is written begins with its format.
    fn parsed(text: &str) -> Option<Self> {
        let (form, _) = text.strip_prefix(r#"{"formato":""#)?.split_once('"')?;
        Self::of_form(form, text)
    }

    fn fault(text: &str) -> Unread {
        let Ok(serde_json::Value::Object(found)) = serde_json::from_str(text) else {
            return Unread::Shapeless;
        };
        let Some(name) = found.get("formato").and_then(serde_json::Value::as_str) else {
            return Unread::Shapeless;
        };
        let Some(form) = Self::FORMS.iter().find(|form| form.name == name) else {
            return Unread::Unknown(name.to_owned());
        };
        match form.fields.iter().find(|field| !found.contains_key(field.name)) {
            Some(field) => Unread::Missing { form: form.name, field: field.name },
            None => Unread::Garbled(form.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: &str =
        r#"{"formato":"leitura.1","edicao":1,"prazo":"a-definir","fonte":"MDS","antes":null}"#;

    #[test]
    fn an_entry_is_read_only_as_it_is_written() {
        let entry = Entry::read("leitura", READING).unwrap();
        assert_eq!(entry.write(), READING);
        let garbled = Err(Unread::Garbled("leitura.1"));
        assert_eq!(Entry::read("ordem", READING), garbled, "under another kind");
        assert_eq!(Entry::read("leitura", &READING.replace(",\"", ", \"")), garbled, "with blanks");
        assert_eq!(Entry::read("leitura", &READING.replace("1,", "70000,")), garbled, "beyond its type");
        assert_eq!(Entry::read("leitura", &READING.replace("null}", "null,\"mais\":1}")), garbled);
        let turned = READING.replace(r#""fonte":"MDS","antes":null"#, r#""antes":null,"fonte":"MDS""#);
        assert_eq!(Entry::read("leitura", &turned), garbled, "in another order");
    }

    #[test]
    fn an_entry_without_a_field_is_refused_by_the_fields_name_even_where_it_may_be_null() {
        for (field, text) in [("edicao", r#""edicao":1,"#), ("antes", r#","antes":null"#)] {
            let missing = Err(Unread::Missing { form: "leitura.1", field });
            assert_eq!(Entry::read("leitura", &READING.replace(text, "")), missing);
        }
    }

    #[test]
    fn a_kind_or_a_version_of_another_program_is_named() {
        let newer = Entry::read("leitura", &READING.replace("leitura.1", "leitura.7")).unwrap_err();
        assert_eq!(newer, Unread::Unknown("leitura.7".to_owned()));
        assert!(newer.to_string().contains("“leitura.7”") && newer.to_string().contains("mais nova"));
        assert_eq!(Entry::read("leitura", "isto não"), Err(Unread::Shapeless));
        assert_eq!(Entry::read("leitura", r#"{"edicao":1}"#), Err(Unread::Shapeless));
    }

    #[test]
    fn formats_are_named_once_and_end_in_their_version() {
        for (n, form) in Entry::FORMS.iter().enumerate() {
            assert!(Entry::FORMS[..n].iter().all(|other| other.name != form.name), "{}", form.name);
            assert!(form.version().is_some_and(|version| version > 0), "{}", form.name);
            assert!(form.fields.iter().all(|field| field.name != "formato"), "{}", form.name);
        }
    }
}

//! Who writes the letters: sender, signature, and where municipalities report faults. Pure.

use super::id::EmailAddress;

/// The sender's side of every letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secretariat {
    /// `remetente.nome`
    pub sender_name: String,
    /// `remetente.email`
    pub sender: EmailAddress,
    /// `remetente.responder_a`; the sender when absent.
    pub reply_to: EmailAddress,
    /// `devolucoes.email`: envelope sender, where relays tell of letters that failed; the sender when absent.
    pub returns_to: EmailAddress,
    /// `devolucoes.subendereco`: whether each delivery has an envelope sender of its own, under `returns_to`.
    pub signs_returns: bool,
    /// `remetente.confirmacao_leitura`: whether letters to municipalities ask for a read receipt.
    pub read_receipts: bool,
    /// Signature block, line by line; the norm's unless `[assinatura]` says otherwise. An empty line parts paragraphs.
    pub signature: Vec<String>,
    /// Where municipalities report faults of the systems; the norm's rede.suas@mds.gov.br unless `[suporte]` says
    /// otherwise.
    pub support: String,
}

impl Secretariat {
    /// The norm's signature block (norma BES Nº 08, Anexos I and II).
    pub const SIGNATURE: [&str; 12] = [
        "Equipe estadual da Coordenação de Vigilância Socioassistencial",
        "Gerência do Sistema Único de Assistência Social",
        "Subsecretaria de Estado da Assistência e Desenvolvimento Social",
        "",
        "GOVERNO DO ESTADO",
        "DO ESPÍRITO SANTO",
        "Secretaria de Trabalho, Assistência",
        "e Desenvolvimento Social",
        "",
        "Rua Doutor João Carlos de Souza, nº 107, sala 1301, Ed. Green Tower, Barro Vermelho,",
        "Vitória/ES.",
        "CEP 29.057-530. Telefone: (27) 3636-6850",
    ];

    /// The norm's support address (norma BES Nº 08, Anexo I).
    pub const SUPPORT: &str = "rede.suas@mds.gov.br";
}

/// The longest local part (RFC 5321 §4.5.3.1.1), less `+`, the name of a delivery and its signature.
const LONGEST_BASE: usize = 64 - 1 - 32 - 16;

/// Whether an address has room for a signed subaddress (`mail/subaddress`), and none of its own.
pub fn takes_subaddresses(address: &EmailAddress) -> bool {
    address
        .as_str()
        .split_once('@')
        .is_some_and(|(local, _)| local.len() <= LONGEST_BASE && !local.contains('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_address_or_one_with_a_subaddress_takes_none() {
        let takes = |text: &str| takes_subaddresses(&EmailAddress::parse(text).unwrap());
        assert!(takes("devolucoes@setades.es.gov.br"));
        assert!(!takes("devolucoes+x@setades.es.gov.br"));
        assert!(!takes("vigilancia.socioassistencial@setades.es.gov.br"));
    }
}

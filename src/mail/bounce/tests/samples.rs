//! Messages in the shapes that real mail systems give them. Addresses are reserved ones.

/// The letter that the samples are about.
pub(crate) const LETTER: &str = "<rma.2026-11.e1.prazo-5d.3205309@example.org>";

/// A delivery report in three parts: prose, fields, and the returned letter's headers as `kind`.
pub(crate) fn report(fields: &str, kind: &str, returned: &str) -> String {
    format!(
        "Return-Path: <>\r\nReceived: by mx.es.invalid (Postfix)\r\n\tid 4F1; Mon, 23 Nov 2026 11:00:00 +0000\r\n\
         From: MAILER-DAEMON@mx.es.invalid (Mail Delivery System)\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         To: devolucoes@example.org\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"4F1.1795431/mx.es.invalid\"\r\n\
         Message-Id: <20261123110000.4F1@mx.es.invalid>\r\n\r\nThis is a MIME-encapsulated message.\r\n\r\n\
         --4F1.1795431/mx.es.invalid\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         This is the mail system at host mx.es.invalid.\r\n\r\nI'm sorry to have to inform you...\r\n\r\n\
         --4F1.1795431/mx.es.invalid\r\nContent-Description: Delivery report\r\n\
         Content-Type: message/delivery-status\r\n\r\n{fields}\r\n--4F1.1795431/mx.es.invalid\r\n\
         Content-Description: Undelivered Message\r\nContent-Type: {kind}\r\n\r\n{returned}\r\n\r\n\
         --4F1.1795431/mx.es.invalid--\r\n"
    )
}

/// Headers of the letter as they come back, an older letter of the window in References.
pub(crate) fn headers(id: &str) -> String {
    format!(
        "Return-Path: <devolucoes@example.org>\r\nDate: Mon, 23 Nov 2026 08:00:00 -0300\r\n\
         From: =?utf-8?q?Vigil=C3=A2ncia?= <vigilancia@example.org>\r\nTo: smas@vitoria.invalid,\r\n cmas@vitoria.invalid\r\n\
         Subject: Prazo\r\nMessage-ID:\r\n {id}\r\nIn-Reply-To: <rma.2026-11.divulgacao.3205309@example.org>\r\n\
         References: <rma.2026-11.divulgacao.3205309@example.org>\r\nContent-Type: multipart/alternative;\r\n \
         boundary=\"=_rma\"\r\n\r\n--=_rma\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPrezados\r\n--=_rma--"
    )
}

/// Postfix: the next hop refused the recipient for good.
pub(crate) fn postfix(to: &str, id: &str) -> String {
    let fields = format!(
        "Reporting-MTA: dns; mx.es.invalid\r\nX-Postfix-Queue-ID: 4F1\r\nX-Postfix-Sender: rfc822; devolucoes@example.org\r\n\
         Arrival-Date: Mon, 23 Nov 2026 11:00:00 +0000 (UTC)\r\n\r\nFinal-Recipient: rfc822; {to}\r\n\
         Original-Recipient: rfc822;{to}\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.vitoria.invalid\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 <{to}>: Recipient address rejected: User\r\n    unknown in virtual mailbox table\r\n"
    );
    report(&fields, "text/rfc822-headers", &headers(id))
}

/// A read receipt as Thunderbird sends it.
pub(crate) fn receipt(to: &str, id: &str, disposition: &str) -> String {
    format!(
        "From: SMAS <{to}>\r\nTo: devolucoes@example.org\r\nSubject: =?UTF-8?Q?Confirma=C3=A7=C3=A3o?=\r\n\
         References: {id}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n \
         report-type=disposition-notification; boundary=\"------mdn000\"\r\n\r\n--------mdn000\r\n\
         Content-Type: text/plain; charset=UTF-8\r\n\r\nIsto só prova que a mensagem foi exibida.\r\n\
         --------mdn000\r\nContent-Type: message/disposition-notification; name=\"MDNPart2.txt\"\r\n\r\n\
         Reporting-UA: vitoria.invalid; Thunderbird\r\nFinal-Recipient: rfc822;{to}\r\nOriginal-Message-ID: {id}\r\n\
         Disposition: manual-action/MDN-sent-manually; {disposition}\r\n\r\n--------mdn000--\r\n"
    )
}

/// Gmail: the status fields after an HTML part with pictures; the letter's headers folded.
pub(crate) fn gmail() -> String {
    format!(
        "Return-Path: <>\r\nTo: devolucoes@example.org\r\nAuto-Submitted: auto-replied\r\n\
         X-Failed-Recipients: smas@vitoria.invalid\r\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.invalid>\r\n\
         Subject: Delivery Status Notification (Failure)\r\nIn-Reply-To: {LETTER}\r\nReferences: {LETTER}\r\n\
         Content-Type: multipart/report; boundary=\"0000\"; report-type=delivery-status\r\n\r\n--0000\r\n\
         Content-Type: multipart/related; boundary=\"0001\"\r\n\r\n--0001\r\n\
         Content-Type: multipart/alternative; boundary=\"0002\"\r\n\r\n--0002\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\r\n\
         ** Address not found **\r\n\r\nYour message wasn't delivered to smas@vitoria.invalid\r\n--0002\r\n\
         Content-Type: text/html\r\n\r\n<html><b>Address not found</b></html>\r\n--0002--\r\n--0001\r\n\
         Content-Type: image/png; name=\"icon.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--0001--\r\n\
         --0000\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; googlemail.invalid\r\n\
         Received-From-MTA: dns; devolucoes@example.org\r\n\r\nFinal-Recipient: rfc822; smas@vitoria.invalid\r\n\
         Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\r\n\r\n\
         --0000\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--0000--\r\n",
        headers(LETTER)
    )
}

/// Exchange Online, as one part of HTML.
pub(crate) fn exchange() -> String {
    format!(
        "From: Microsoft Outlook\r\n <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@vitoria.invalid>\r\n\
         To: <devolucoes@example.org>\r\nSubject: =?iso-8859-1?Q?N=E3o_foi_poss=EDvel_entregar:_Prazo?=\r\n\
         Content-Type: text/html; charset=\"utf-8\"\r\n\r\n<html><p>Sua mensagem não pôde ser entregue.</p>\r\n\
         <p>smas@vitoria.invalid</p><p>Diagnostic information for administrators:</p>\r\n\
         <p>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found'</p>\r\n\
         <p>Original message headers:</p><pre>References: &lt;rma.2026-11.divulgacao.3205309@example.org&gt;\r\n\
         Message-ID: {}</pre></html>\r\n",
        LETTER.replace('<', "&lt;").replace('>', "&gt;")
    )
}

/// Exim, in prose.
pub(crate) fn exim() -> String {
    format!(
        "Return-path: <>\r\nX-Failed-Recipients: smas@vitoria.invalid\r\nAuto-Submitted: auto-replied\r\n\
         From: Mail Delivery System <Mailer-Daemon@mx.es.invalid>\r\nTo: devolucoes@example.org\r\n\
         Subject: Mail delivery failed: returning message to sender\r\n\r\n\
         This message was created automatically by mail delivery software.\r\n\r\n\
         A message that you sent could not be delivered to one or more of its\r\nrecipients. This is a permanent error.\r\n\
         The following address(es) failed:\r\n\r\n  smas@vitoria.invalid\r\n    host mx.vitoria.invalid [192.0.2.25]\r\n    \
         SMTP error from remote mail server after RCPT TO:<smas@vitoria.invalid>:\r\n    550 No such user here\r\n\r\n\
         ------ This is a copy of the message, including all the headers. ------\r\n\r\n{}\r\n",
        headers(LETTER)
    )
}

/// qmail, in prose and with no code at all.
pub(crate) fn qmail() -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@qmail.invalid\nTo: devolucoes@example.org\nSubject: failure notice\n\n\
         Hi. This is the qmail-send program at qmail.invalid.\n\
         I'm afraid I wasn't able to deliver your message to the following addresses.\n\
         This is a permanent error; I've given up. Sorry it didn't work out.\n\n<smas@vitoria.invalid>:\n\
         Sorry, no mailbox here by that name.\n\n--- Below this line is a copy of the message.\n\n{}\n",
        headers(LETTER)
    )
}

/// Somebody is away.
pub(crate) fn vacation() -> String {
    format!(
        "Return-Path: <>\r\nFrom: SMAS <smas@vitoria.invalid>\r\nTo: vigilancia@example.org\r\nIn-Reply-To: {LETTER}\r\n\
         Subject: =?utf-8?q?Resposta_autom=C3=A1tica=3A_Prazo?=\r\nAuto-Submitted: auto-replied\r\n\r\nEstou de férias.\r\n"
    )
}

/// Somebody answers, and quotes words that mail systems use.
pub(crate) fn person() -> String {
    format!(
        "From: SMAS <smas@vitoria.invalid>\r\nTo: vigilancia@example.org\r\nIn-Reply-To: {LETTER}\r\nSubject: Re: Prazo\r\n\r\n\
         Não foi possível entregar o formulário, deu 550 5.1.1 e permanent error na tela.\r\n"
    )
}

//! Errors of libraries in words of ours: what they print is made for programmers, may hold dumps and secrets, and
//! blames whoever is at the other end.

use crate::connect::{ByProxy, ConnectError, NotAnApiServer};
use crate::deadline::TooLate;
use acm_backup_domain::printable::line;
use acm_backup_domain::redact::redact;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;

/// What an error comes down to, in one line.
#[must_use]
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let (mut current, mut proxy) = (error, None);
    loop {
        if let Some(words) = known(current) {
            return by(proxy, words);
        }
        if let Some(error) = current.downcast_ref::<ByProxy>() {
            proxy = Some(error.proxy.clone());
        }
        match current.source() {
            Some(source) => current = source,
            None => break,
        }
    }
    let words = redact(&line(&current.to_string()), []);
    by(proxy, words)
}

fn by(proxy: Option<String>, words: String) -> String {
    match proxy {
        Some(proxy) => format!("by way of {proxy}: {words}"),
        None => words,
    }
}

/// The words for an error that is known; none where what it wraps has to be looked at.
fn known(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<ConnectError>() {
        return Some(error.to_string());
    }
    if let Some(error) = error.downcast_ref::<NotAnApiServer>() {
        return Some(error.to_string());
    }
    if let Some(error) = error.downcast_ref::<TooLate>() {
        return Some(error.to_string());
    }
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls(error));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // It does not count what it wraps among its sources.
        return match error.get_ref() {
            Some(wrapped) => Some(innermost(wrapped)),
            None => of_io(error),
        };
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return http(error);
    }
    error.downcast_ref::<serde_json::Error>().map(|error| {
        format!(
            "the answer is not what was asked for (line {} column {} of it)",
            error.line(),
            error.column()
        )
    })
}

fn of_io(error: &io::Error) -> Option<String> {
    let words = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused: nothing listens there",
        io::ErrorKind::TimedOut => "nobody answered in time",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted => "the connection was cut",
        io::ErrorKind::UnexpectedEof => "the connection was closed too early",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "there is no way to its network"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

fn http(error: &hyper::Error) -> Option<String> {
    if error.is_incomplete_message() {
        return Some("the connection was closed before an answer came".to_owned());
    }
    if error.is_parse() {
        return Some(
            "what answers there does not speak HTTP; is this the address of an API server?"
                .to_owned(),
        );
    }
    None
}

fn tls(error: &rustls::Error) -> String {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(why) => certificate(why),
        Tls::AlertReceived(alert) => alert_words(*alert),
        Tls::InvalidMessage(_) => {
            "what answers there does not speak TLS; is its address http:// by mistake for https://, or a proxy?".to_owned()
        }
        Tls::PeerIncompatible(_) => "the server and this program have no TLS version or cipher in common".to_owned(),
        other => format!("TLS failed: {}", redact(&line(&other.to_string()), [])),
    }
}

fn certificate(why: &CertificateError) -> String {
    use CertificateError as Why;
    match why {
        Why::UnknownIssuer => {
            "the server's certificate is signed by an unknown authority".to_owned()
        }
        Why::Expired | Why::ExpiredContext { .. } => "the server's certificate has expired".to_owned(),
        Why::NotValidYet | Why::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet, by this machine's clock".to_owned()
        }
        Why::NotValidForName => "the server's certificate is for another name".to_owned(),
        Why::NotValidForNameContext { expected, presented } => {
            let names = match presented.as_slice() {
                [] => "no name at all".to_owned(),
                names => line(&names.join(", ")).into_owned(),
            };
            format!(
                "the server's certificate is not for {} (it is for {names}); tls-server-name can say by which name to check it",
                expected.to_str()
            )
        }
        Why::BadSignature => {
            "the server's certificate is not signed by the authority that it names; another of the same name, perhaps".to_owned()
        }
        Why::Revoked => "the server's certificate was revoked".to_owned(),
        Why::InvalidPurpose | Why::InvalidPurposeContext { .. } => {
            "the server's certificate is not made for servers".to_owned()
        }
        _ => "the server's certificate is of a kind that this program cannot check (certificates of version 1, RSA keys below 2048 bits, P-521); kubectl may".to_owned(),
    }
}

fn alert_words(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => "the server wants a client certificate".to_owned(),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            format!("the server does not take our client certificate ({alert:?})")
        }
        other => format!("the server ended the TLS handshake ({other:?})"),
    }
}

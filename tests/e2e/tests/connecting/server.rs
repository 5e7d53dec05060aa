//! API servers as far as `/version` goes, and proxies before them, that note whom they met.

use super::pki::Pair;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, ServerConfig, ServerConnection, SignatureScheme,
    StreamOwned,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was met, in order.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    /// What was met since it was last asked.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn config(pair: &Pair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = CertificateDer::pem_slice_iter(pair.cert.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(Arc::new(Anybody))
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// Serves `/version` over TLS; returns its port.
pub fn serve(pair: &Pair, seen: &Seen) -> u16 {
    let (config, seen) = (config(pair), seen.clone());
    listen(move |stream| answer(stream, config.clone(), &seen))
}

fn listen(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || answer(stream));
        }
    });
    port
}

/// The head of a request, line by line.
fn head(stream: &mut impl Read) -> Option<Vec<String>> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        read.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&read);
    Some(
        text.lines()
            .map(str::to_owned)
            .filter(|line| !line.is_empty())
            .collect(),
    )
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>, seen: &Seen) {
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let Some((asked, identity)) = asked(&mut tls) else {
        return;
    };
    let certificate = tls
        .conn
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|certificate| super::pki::base64(certificate))
        .unwrap_or_default();
    seen.note(format!("{asked} {identity:?} {certificate}"));
    say_version(&mut tls);
    tls.conn.send_close_notify();
    let _ = tls.flush();
}

/// Serves `/version` without TLS.
pub fn serve_plain(seen: &Seen) -> u16 {
    let seen = seen.clone();
    listen(move |mut stream| {
        if let Some((asked, identity)) = asked(&mut stream) {
            seen.note(format!("{asked} {identity:?}"));
            say_version(&mut stream);
        }
    })
}

/// What is asked, and as whom, by the headers.
fn asked(stream: &mut impl Read) -> Option<(String, Vec<String>)> {
    let head = head(stream)?;
    let mut identity: Vec<_> = head
        .iter()
        .skip(1)
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let name = name.to_lowercase();
            let tells = name == "authorization" || name.starts_with("impersonate-");
            tells.then(|| format!("{name}:{}", value.trim_end()))
        })
        .collect();
    identity.sort();
    // kubectl tells the server its own limit as well.
    Some((head[0].replace("?timeout=5s", ""), identity))
}

fn say_version(stream: &mut impl Write) {
    let body = r#"{"major":"1","minor":"36","gitVersion":"v1.36.3"}"#;
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// A proxy that takes every address for that of `server`; in TLS where it has a pair.
pub fn http_proxy(
    server: u16,
    pair: Option<&Pair>,
    wants: Option<&'static str>,
    seen: &Seen,
) -> u16 {
    let (config, seen) = (pair.map(config), seen.clone());
    listen(move |mut stream| match &config {
        None => {
            if connect(&mut stream, wants, &seen) {
                let Ok(there) = TcpStream::connect(("127.0.0.1", server)) else {
                    return;
                };
                relay(stream, there);
            }
        }
        Some(config) => {
            let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            if connect(&mut tls, wants, &seen) {
                let Ok(there) = TcpStream::connect(("127.0.0.1", server)) else {
                    return;
                };
                relay_tls(tls, there);
            }
        }
    })
}

/// A proxy that lets nobody through.
pub fn dead_proxy(seen: &Seen) -> u16 {
    let seen = seen.clone();
    listen(move |mut stream| {
        let head = head(&mut stream);
        seen.note(format!(
            "{:?}",
            head.and_then(|head| head.into_iter().next())
        ));
    })
}

fn connect(stream: &mut (impl Read + Write), wants: Option<&str>, seen: &Seen) -> bool {
    let Some(head) = head(stream) else {
        return false;
    };
    let who = head
        .iter()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"))
        .map(|(_, value)| value.to_owned());
    seen.note(format!("{} {who:?}", head[0]));
    let allowed = wants.is_none() || who.as_deref() == wants;
    let line = if allowed {
        "200 OK"
    } else {
        "407 Proxy Authentication Required"
    };
    let _ = stream.write_all(format!("HTTP/1.1 {line}\r\n\r\n").as_bytes());
    let _ = stream.flush();
    allowed
}

fn relay(here: TcpStream, there: TcpStream) {
    let (mut from, mut to) = (here.try_clone().unwrap(), there.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
    let (mut from, mut to) = (there, here);
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// One thread for both ways: a TLS connection cannot be split, so each waits a little for the other.
fn relay_tls(mut here: StreamOwned<ServerConnection, TcpStream>, mut there: TcpStream) {
    let a_little = Some(std::time::Duration::from_millis(5));
    here.sock.set_read_timeout(a_little).unwrap();
    there.set_read_timeout(a_little).unwrap();
    let mut buffer = [0; 16384];
    let waits = |error: &std::io::Error| {
        matches!(
            error.kind(),
            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
        )
    };
    loop {
        match here.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                if there.write_all(&buffer[..read]).is_err() {
                    return;
                }
            }
            Err(error) if waits(&error) => {}
            Err(_) => return,
        }
        match there.read(&mut buffer) {
            Ok(0) => {
                here.conn.send_close_notify();
                let _ = here.flush();
                return;
            }
            Ok(read) => {
                if here
                    .write_all(&buffer[..read])
                    .and_then(|()| here.flush())
                    .is_err()
                {
                    return;
                }
            }
            Err(error) if waits(&error) => {}
            Err(_) => return,
        }
    }
}

/// A SOCKS5 proxy, likewise.
pub fn socks_proxy(server: u16, seen: &Seen) -> u16 {
    let seen = seen.clone();
    listen(move |mut stream| {
        let take = |length: usize, stream: &mut TcpStream| {
            let mut bytes = vec![0; length];
            stream.read_exact(&mut bytes).map(|()| bytes)
        };
        let mut talk = || -> std::io::Result<String> {
            let hello = take(2, &mut stream)?;
            let methods = take(usize::from(hello[1]), &mut stream)?;
            let with_password = methods.contains(&2);
            stream.write_all(&[5, if with_password { 2 } else { 0 }])?;
            let mut who = String::new();
            if with_password {
                let length = take(2, &mut stream)?[1];
                who =
                    String::from_utf8_lossy(&take(usize::from(length), &mut stream)?).into_owned();
                let length = take(1, &mut stream)?[0];
                let password = take(usize::from(length), &mut stream)?;
                who = format!("{who}:{}", String::from_utf8_lossy(&password));
                stream.write_all(&[1, 0])?;
            }
            let kind = take(4, &mut stream)?[3];
            let host = match kind {
                3 => {
                    let length = take(1, &mut stream)?[0];
                    String::from_utf8_lossy(&take(usize::from(length), &mut stream)?).into_owned()
                }
                _ => format!("{:?}", take(4, &mut stream)?),
            };
            take(2, &mut stream)?;
            stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
            Ok(format!("SOCKS5 {host} {who}"))
        };
        let Ok(note) = talk() else { return };
        seen.note(note);
        if let Ok(there) = TcpStream::connect(("127.0.0.1", server)) {
            relay(stream, there);
        }
    })
}

/// Takes every client certificate: which one was shown is noted.
#[derive(Debug)]
struct Anybody;

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

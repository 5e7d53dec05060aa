//! An API server that answers from a fixture, but for what a test makes it refuse.
//!
//! Real ones are asked in the end-to-end tests; this one misbehaves on demand.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

/// What it does with requests whose path contains a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 403
    Forbidden,
    /// 404, as for a kind it does not serve.
    NotFound,
    /// 401
    Unauthorized,
    /// 503 the first time, then as usual.
    BusyOnce,
    /// Takes the request and never answers.
    Silence,
    /// 500 with these words.
    Says(&'static str),
    /// What no API server answers: status, headers, body.
    Page(u16, &'static str, &'static str),
    /// A version that is called so.
    Version(&'static str),
}

/// What was noted of requests.
type Noted = Arc<Mutex<Vec<String>>>;

/// A server on a port of its own; its threads end with the test process.
pub struct ApiServer {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ApiServer {
    /// Serves `fixture`, but for `exceptions`: the first whose text is in the path decides.
    pub fn start(fixture: &'static str, exceptions: &[(&'static str, Answer)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, heads): (Noted, Noted) = (Arc::default(), Arc::default());
        let (seen, all) = (Arc::clone(&requests), Arc::clone(&heads));
        let exceptions = exceptions.to_vec();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, all, exceptions) = (seen.clone(), all.clone(), exceptions.clone());
                thread::spawn(move || answer(&mut { stream }, fixture, &exceptions, (&seen, &all)));
            }
        });
        Self {
            url,
            requests,
            heads,
        }
    }

    /// The same over TLS, by a certificate that nobody vouches for.
    pub fn start_tls(fixture: &'static str, exceptions: &[(&'static str, Answer)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (requests, heads): (Noted, Noted) = (Arc::default(), Arc::default());
        let (seen, all) = (Arc::clone(&requests), Arc::clone(&heads));
        let exceptions = exceptions.to_vec();
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, all, exceptions) = (seen.clone(), all.clone(), exceptions.clone());
                let tls = rustls::ServerConnection::new(config.clone()).unwrap();
                thread::spawn(move || {
                    let mut stream = rustls::StreamOwned::new(tls, stream);
                    answer(&mut stream, fixture, &exceptions, (&seen, &all));
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                });
            }
        });
        Self {
            url,
            requests,
            heads,
        }
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The request lines and user agents so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(
    stream: &mut (impl Read + Write),
    fixture: &str,
    exceptions: &[(&str, Answer)],
    (seen, all): (&Mutex<Vec<String>>, &Mutex<Vec<String>>),
) {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        read.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&read);
    all.lock().unwrap().push(text.clone().into_owned());
    let head: Vec<_> = text.lines().map(|line| line.trim().to_owned()).collect();
    let agent = head
        .iter()
        .find(|line| line.to_lowercase().starts_with("user-agent:"))
        .cloned()
        .unwrap_or_default();
    let path = head[0].split(' ').nth(1).unwrap().to_owned();
    let before = {
        let mut seen = seen.lock().unwrap();
        let before = seen
            .iter()
            .filter(|request| request.contains(&path))
            .count();
        seen.push(format!("{} {agent}", head[0]));
        before
    };
    let exception = exceptions
        .iter()
        .find(|(text, _)| path.contains(text))
        .map(|(_, answer)| *answer);
    if let Some(Answer::Page(status, headers, body)) = exception {
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        return;
    }
    let (status, body) = match exception {
        Some(Answer::Forbidden) => failure(403, "Forbidden"),
        Some(Answer::NotFound) => failure(404, "NotFound"),
        Some(Answer::Unauthorized) => failure(401, "Unauthorized"),
        Some(Answer::BusyOnce) if before == 0 => failure(503, "ServiceUnavailable"),
        Some(Answer::Says(words)) => {
            let (code, mut status) = failure(500, "InternalError");
            status["message"] = json!(words);
            (code, status)
        }
        Some(Answer::Version(words)) => (200, json!({"gitVersion": words})),
        Some(Answer::Silence) => loop {
            thread::park();
        },
        Some(Answer::Page(..)) | None | Some(Answer::BusyOnce) => stored(fixture, &path),
    };
    let body = body.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

fn failure(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {},
        "message": format!("the test says {reason}"), "reason": reason, "code": code
    });
    (code, status)
}

/// The list behind a path, cut into pages of two so that paging is always needed.
fn stored(fixture: &str, path: &str) -> (u16, Value) {
    if path == "/version" {
        return (
            200,
            json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3"}),
        );
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<_> = path.trim_start_matches("/apis/").split('/').collect();
    let group = parts[0];
    let plural = parts.last().unwrap();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(fixture);
    let scope = match parts.as_slice() {
        [_, _, "namespaces", namespace, _] => format!("namespaces/{namespace}"),
        _ => "cluster-scoped-resources".to_owned(),
    };
    let items = match *plural {
        "clusterversions" => {
            let file = root
                .join(&scope)
                .join(group)
                .join(plural)
                .join("version.yaml");
            vec![serde_saphyr::from_str::<Value>(&fs::read_to_string(file).unwrap()).unwrap()]
        }
        _ => match fs::read_to_string(root.join(&scope).join(group).join(format!("{plural}.yaml")))
        {
            Ok(text) => serde_saphyr::from_str::<Value>(&text).unwrap()["items"]
                .as_array()
                .unwrap()
                .clone(),
            Err(_) => Vec::new(),
        },
    };
    let query: BTreeMap<_, _> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let from: usize = query
        .get("continue")
        .map_or(0, |token| token.parse().unwrap());
    let page: Vec<_> = items.iter().skip(from).take(2).cloned().collect();
    let next = if from + 2 < items.len() {
        (from + 2).to_string()
    } else {
        String::new()
    };
    (
        200,
        json!({"apiVersion": "v1", "kind": "List", "metadata": {"continue": next}, "items": page}),
    )
}

//! Credential plugins: programs that a kubeconfig names to get a token or a certificate from.
//!
//! What such a program prints on stdout is a secret, whatever it is; it is read, and never shown. What it says on
//! stderr is for people and is shown, without what looks like a secret.

use super::ConnectError;
use crate::deadline::Deadline;
use acm_backup_domain::printable::{block, line};
use acm_backup_domain::redact::redact;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube::config::{ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// Versions of the protocol that are spoken, as kubectl does.
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// Largest output that is read.
const LARGEST: u64 = 1 << 20;

/// How long a person may take to log in, where no limit was asked for.
const LOGIN: Duration = Duration::from_secs(300);

/// How long the end of a line is held back while it may go on: a question has no line end.
const HELD_BACK: Duration = Duration::from_millis(200);

/// How much of what it says on stderr is shown, in bytes.
const SHOWN: usize = 600;

/// A plugin to run.
#[derive(Clone)]
pub(super) struct Plugin {
    pub config: ExecConfig,
    /// What it is told of the cluster, where the kubeconfig wants that.
    pub cluster: Option<ExecAuthCluster>,
    /// `exec of user "admin"`
    pub field: String,
    /// Nobody asked for a limit: a person who is asked may take longer than the look-ups.
    pub patient: bool,
}

/// What it gave.
#[derive(Clone, Default)]
pub(super) struct Credential {
    pub token: Option<String>,
    /// Certificate and key, in PEM.
    pub certificate: Option<(String, String)>,
    pub expires: Option<Timestamp>,
    /// How long a person was waited for.
    pub waited: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(default)]
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    client_certificate_data: Option<String>,
    #[serde(default)]
    client_key_data: Option<String>,
    #[serde(default)]
    expiration_timestamp: Option<Value>,
}

impl Plugin {
    fn name(&self) -> &str {
        self.config.command.as_deref().unwrap_or_default()
    }

    fn error(&self, why: impl std::fmt::Display) -> ConnectError {
        ConnectError::Plugin {
            name: self.name().to_owned(),
            field: self.field.clone(),
            why: why.to_string(),
        }
    }

    fn misused(&self, why: &str) -> ConnectError {
        ConnectError::Field {
            field: self.field.clone(),
            why: why.to_owned(),
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// When it is not there, fails, takes too long, or gives nothing that can be used.
    pub async fn run(&self, deadline: Deadline) -> Result<Credential, ConnectError> {
        let version = match self.config.api_version.as_deref() {
            Some(version) if VERSIONS.contains(&version) => version,
            Some(_) => return Err(self.misused("its apiVersion is none that is spoken any more; client.authentication.k8s.io/v1 and v1beta1 are")),
            None => return Err(self.misused("it has no apiVersion")),
        };
        if self.name().is_empty() {
            return Err(self.misused("it has no command"));
        }
        let interactive = self.interactive(version)?;
        let begun = tokio::time::Instant::now();
        let mut command = self.command(version, interactive);
        let mut child = command.spawn().map_err(|error| self.not_started(&error))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (out, said, ended) =
                tokio::join!(read(stdout), hear(stderr, interactive), child.wait());
            (out, said, ended)
        };
        let (out, said, ended) = limit(interactive, self.patient, deadline)
            .bound(work)
            .await
            .map_err(|late| self.error(format!("{late}; it was ended")))?;
        let said = self.shown(&said, &out);
        match ended {
            Ok(status) if status.success() => {
                let mut credential = self.read(version, &out)?;
                if interactive && self.patient {
                    credential.waited = begun.elapsed();
                }
                Ok(credential)
            }
            Ok(status) => {
                let how = match status.code() {
                    Some(code) => format!("it ended with exit code {code}"),
                    None => "it was ended by a signal".to_owned(),
                };
                Err(self.error(match said.is_empty() {
                    true => format!("{how} and said nothing"),
                    false => format!("{how}: {said}"),
                }))
            }
            Err(error) => Err(self.error(error)),
        }
    }

    fn interactive(&self, version: &str) -> Result<bool, ConnectError> {
        let terminal = || std::io::stdin().is_terminal();
        match &self.config.interactive_mode {
            Some(ExecInteractiveMode::Never) => Ok(false),
            Some(ExecInteractiveMode::IfAvailable) => Ok(terminal()),
            Some(ExecInteractiveMode::Always) if terminal() => Ok(true),
            Some(ExecInteractiveMode::Always) => {
                Err(self
                    .misused("its interactiveMode is Always, and there is no terminal to ask on"))
            }
            None if version.ends_with("/v1") => Err(self.misused("it has no interactiveMode")),
            None => Ok(terminal()),
        }
    }

    fn command(&self, version: &str, interactive: bool) -> Command {
        let mut command = Command::new(self.name());
        command.args(self.config.args.iter().flatten());
        for variable in self.config.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        let mut spec = json!({ "interactive": interactive });
        if let (Some(cluster), Some(fields)) = (&self.cluster, spec.as_object_mut()) {
            fields.insert("cluster".to_owned(), json!(cluster));
        }
        let info = json!({ "kind": "ExecCredential", "apiVersion": version, "spec": spec });
        command
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(if interactive {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn not_started(&self, error: &std::io::Error) -> ConnectError {
        let hint = self.config.install_hint.as_deref().unwrap_or_default();
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such program".to_owned(),
            std::io::ErrorKind::PermissionDenied => "it may not be run".to_owned(),
            _ => error.to_string(),
        };
        self.error(match hint.trim() {
            "" => why,
            hint => format!("{why}; {hint}"),
        })
    }

    /// What it said, for people: the end of it, without what it printed, was given, or looks like a secret.
    fn shown(&self, said: &[u8], out: &[u8]) -> String {
        let said = String::from_utf8_lossy(said);
        let out = String::from_utf8_lossy(out);
        // `--password=x` gives x away as well as `--password x`.
        let arguments = self.config.args.iter().flatten().flat_map(|argument| {
            let value = argument.split_once('=').map(|(_, value)| value);
            std::iter::once(argument.as_str()).chain(value)
        });
        let printed =
            out.split(|letter: char| letter.is_whitespace() || "\"',:{}".contains(letter));
        let given = self
            .config
            .env
            .iter()
            .flatten()
            .filter_map(|pair| pair.get("value"));
        let known = printed
            .filter(|word| word.len() >= 8)
            .chain(given.map(String::as_str))
            .chain(arguments.filter(|word| !word.starts_with('-') || word.contains('=')));
        let said = redact(said.trim(), known);
        let from = said.len().saturating_sub(SHOWN);
        let from = (from..=said.len()).find(|at| said.is_char_boundary(*at));
        line(said.get(from.unwrap_or_default()..).unwrap_or_default()).into_owned()
    }

    fn read(&self, version: &str, out: &[u8]) -> Result<Credential, ConnectError> {
        let text = String::from_utf8_lossy(out);
        // kubectl reads YAML as well, and some plugins print it.
        let answer: Answer = serde_saphyr::from_str(&text).map_err(|_| {
            self.error("what it printed is no ExecCredential (not shown: it may hold a token)")
        })?;
        if answer.kind.as_deref() != Some("ExecCredential") {
            return Err(
                self.error("what it printed is no ExecCredential (not shown: it may hold a token)")
            );
        }
        if answer.api_version.as_deref() != Some(version) {
            return Err(self.error(format!(
                "it answered in another apiVersion than it was asked in, {version}"
            )));
        }
        let status = answer
            .status
            .ok_or_else(|| self.error("it gave no status, so neither a token nor a certificate"))?;
        let expires = match status.expiration_timestamp {
            None | Some(Value::Null) => None,
            Some(time) => Some(
                time.as_str()
                    .and_then(|time| time.parse().ok())
                    .ok_or_else(|| self.error("its status.expirationTimestamp is no time"))?,
            ),
        };
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let certificate = match (
            filled(status.client_certificate_data),
            filled(status.client_key_data),
        ) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                return Err(self.error(
                    "it gave a certificate without its key, or a key without its certificate",
                ));
            }
        };
        let token = filled(status.token);
        if token.is_none() && certificate.is_none() {
            return Err(self.error("it gave neither a token nor a certificate"));
        }
        Ok(Credential {
            token,
            certificate,
            expires,
            waited: Duration::ZERO,
        })
    }
}

/// By when it must be done.
fn limit(interactive: bool, patient: bool, deadline: Deadline) -> Deadline {
    match interactive && patient {
        true => Deadline::within(LOGIN),
        false => deadline,
    }
}

/// What the plugin is told of a cluster: the authority as bytes, wherever it stood.
pub(super) fn cluster(of: &kube::config::Cluster, authority: Option<&[u8]>) -> ExecAuthCluster {
    let mut bare = of.clone();
    bare.certificate_authority = None;
    bare.certificate_authority_data = authority.map(|bytes| STANDARD.encode(bytes));
    ExecAuthCluster::try_from(&bare).unwrap_or_default()
}

async fn read(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut from) = from {
        // What cannot be read any more is judged by what was; what is too much is let go, or it would never end.
        let _ = (&mut from).take(LARGEST).read_to_end(&mut all).await;
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    }
    all
}

/// Listens to what it says. Where a person sits before it, that is passed on word by word: it may be a question.
async fn hear(from: Option<impl AsyncRead + Unpin>, pass_on: bool) -> Vec<u8> {
    let (mut all, mut word) = (Vec::new(), Vec::new());
    let Some(mut from) = from else { return all };
    let mut chunk = [0; 1024];
    loop {
        let read = match tokio::time::timeout(HELD_BACK, from.read(&mut chunk)).await {
            Ok(Ok(read)) => read,
            Ok(Err(_)) => break,
            Err(_) => {
                if pass_on {
                    show(&std::mem::take(&mut word));
                }
                continue;
            }
        };
        let Some(new) = chunk.get(..read).filter(|new| !new.is_empty()) else {
            break;
        };
        if pass_on {
            word.extend_from_slice(new);
            if let Some(end) = word.iter().rposition(u8::is_ascii_whitespace) {
                let rest = word.split_off(end.saturating_add(1));
                show(&std::mem::replace(&mut word, rest));
            }
        }
        all.extend_from_slice(new);
        let most = SHOWN.saturating_mul(8);
        if all.len() > most {
            all.drain(..all.len().saturating_sub(most));
        }
    }
    if pass_on {
        show(&word);
    }
    all
}

/// As it is said, but for what the terminal would obey: a person has to follow a long address, or type a code.
fn show(said: &[u8]) {
    let said = String::from_utf8_lossy(said);
    let mut stderr = std::io::stderr();
    // Whether it can be shown or not, the plugin goes on.
    let _ = stderr
        .write_all(block(&said).as_bytes())
        .and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_no_limit_was_asked_for_a_person_has_time() {
        let short = Deadline::within(Duration::from_secs(10));
        for (interactive, patient, expected) in [
            (false, false, 10),
            (false, true, 10),
            (true, false, 10),
            (true, true, 300),
        ] {
            let limit = limit(interactive, patient, short).length();
            assert_eq!(
                limit,
                Duration::from_secs(expected),
                "{interactive} {patient}"
            );
        }
    }
}

//! kubectl's global flags, with its names and meanings.

use acm_backup_domain::time::GoDuration;
use acm_backup_hub::connect::Options;
use clap::ValueEnum;
use jiff::SignedDuration;
use std::path::PathBuf;
use std::time::Duration;

/// How long all look-ups together may take unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

/// What `--request-timeout=0`, kubectl's "never", amounts to.
const NEVER: Duration = Duration::from_secs(24 * 3600);

const CONNECTION: &str = "Connection (as kubectl)";
const OUTPUT: &str = "Output";

/// Flags of every command; kubectl allows none of them before the plugin's name.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// Namespace of the operator's objects [default: where they are]
    #[arg(short, long, global = true, value_name = "NAMESPACE", help_heading = CONNECTION)]
    pub namespace: Option<String>,
    /// Context of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub context: Option<String>,
    /// Kubeconfig file
    #[arg(long, global = true, value_name = "FILE", help_heading = CONNECTION)]
    pub kubeconfig: Option<PathBuf>,
    /// Cluster of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub cluster: Option<String>,
    /// User of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, value_name = "URL", help_heading = CONNECTION)]
    pub server: Option<String>,
    /// Bearer token
    #[arg(long, global = true, hide_env_values = true, help_heading = CONNECTION)]
    pub token: Option<String>,
    /// Name for basic authentication
    #[arg(long, global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub username: Option<String>,
    /// Password for basic authentication
    #[arg(long, global = true, hide_env_values = true, help_heading = CONNECTION)]
    pub password: Option<String>,
    /// Username to impersonate
    #[arg(long = "as", global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub impersonate: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(long = "as-group", global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub impersonate_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", global = true, value_name = "UID", help_heading = CONNECTION)]
    pub impersonate_uid: Option<String>,
    /// Extra of the user to impersonate; may be repeated
    #[arg(long = "as-user-extra", global = true, value_name = "KEY=VALUE", value_parser = extra, help_heading = CONNECTION)]
    pub impersonate_extra: Vec<(String, String)>,
    /// File of the API server's certificate authority
    #[arg(long, global = true, value_name = "FILE", help_heading = CONNECTION)]
    pub certificate_authority: Option<PathBuf>,
    /// File of a client certificate
    #[arg(long, global = true, value_name = "FILE", help_heading = CONNECTION)]
    pub client_certificate: Option<PathBuf>,
    /// File of a client key
    #[arg(long, global = true, value_name = "FILE", help_heading = CONNECTION)]
    pub client_key: Option<PathBuf>,
    /// Do not check the API server's certificate
    #[arg(long, global = true, help_heading = CONNECTION)]
    pub insecure_skip_tls_verify: bool,
    /// Name to check the API server's certificate for
    #[arg(long, global = true, value_name = "NAME", help_heading = CONNECTION)]
    pub tls_server_name: Option<String>,
    /// Limit for all look-ups together, such as 5s or 2m; 0 for none [default: 10s]
    #[arg(long, global = true, value_name = "TIME", value_parser = timeout, help_heading = CONNECTION)]
    pub request_timeout: Option<Duration>,
    /// Format
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT", help_heading = OUTPUT)]
    pub output: Format,
    /// Colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = OUTPUT)]
    pub color: Color,
    #[command(flatten)]
    _without_effect: WithoutEffect,
}

/// Flags of kubectl that mean nothing here; wrappers pass them all the same.
#[derive(Debug, clap::Args)]
struct WithoutEffect {
    #[arg(long, global = true, hide = true)]
    cache_dir: Option<String>,
    #[arg(long, global = true, hide = true)]
    disable_compression: bool,
    #[arg(long, global = true, hide = true)]
    kuberc: Option<String>,
    #[arg(long, global = true, hide = true)]
    log_flush_frequency: Option<String>,
    #[arg(long, global = true, hide = true)]
    match_server_version: bool,
    #[arg(long, global = true, hide = true)]
    profile: Option<String>,
    #[arg(long, global = true, hide = true)]
    profile_output: Option<String>,
    #[arg(short = 'v', long = "v", global = true, hide = true)]
    verbosity: Option<String>,
    #[arg(long, global = true, hide = true)]
    vmodule: Option<String>,
    #[arg(long, global = true, hide = true)]
    warnings_as_errors: bool,
}

/// What `-o` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One screen of 80x24
    #[default]
    Text,
    /// Everything, for a wide screen
    Wide,
    /// For programs
    Json,
    /// For programs, and people
    Yaml,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

impl Global {
    /// When all look-ups must be done.
    pub fn deadline(&self) -> Duration {
        self.request_timeout.unwrap_or(DEADLINE)
    }

    /// Where to connect, and as whom.
    pub fn connection(&self) -> Options {
        Options {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            server: self.server.clone(),
            token: self.token.clone(),
            certificate_authority: self.certificate_authority.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            insecure: self.insecure_skip_tls_verify,
            tls_server_name: self.tls_server_name.clone(),
            username: self.username.clone(),
            password: self.password.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_uid: self.impersonate_uid.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            impersonate_extra: self.impersonate_extra.clone(),
            patient: self.request_timeout.is_none(),
        }
    }

    /// stdout, coloured as asked.
    pub fn stdout(&self) -> anstream::AutoStream<std::io::Stdout> {
        anstream::AutoStream::new(std::io::stdout(), self.color.into())
    }
}

/// `KEY=VALUE`
fn extra(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or("expected KEY=VALUE, such as reason=drill")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads what kubectl takes: a Go duration, or whole seconds.
fn timeout(text: &str) -> Result<Duration, String> {
    let length = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => text
            .parse::<GoDuration>()
            .map_err(|error| error.to_string())?
            .into(),
    };
    match Duration::try_from(length) {
        Ok(Duration::ZERO) => Ok(NEVER),
        Ok(length) => Ok(length),
        Err(_) => Err("it must not be negative".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_kubectl_reads_them() {
        assert_eq!(timeout("5"), Ok(Duration::from_secs(5)));
        assert_eq!(timeout("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(timeout("0"), Ok(NEVER));
        assert!(timeout("-5s").is_err());
        assert!(timeout("5d").is_err());
    }
}

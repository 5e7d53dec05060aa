//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use acm_backup_domain::names;
use clap::Parser;
use jiff::SignedDuration;

use crate::service::certificate::Files;
use crate::service::tls::MinVersion;

/// Admission webhook of acm-backup. A flag given twice counts the last time.
#[derive(Debug, Parser)]
#[command(name = "acm-backup-webhook", version, args_override_self = true)]
pub struct Args {
    /// Address of the TLS port the API server calls.
    #[arg(long, default_value = "0.0.0.0:8443")]
    pub listen: SocketAddr,

    /// Address of the plain port with /livez, /readyz and /metrics.
    #[arg(long, default_value = "0.0.0.0:8080")]
    pub probe_listen: SocketAddr,

    /// PEM file with the serving certificate and its chain.
    #[arg(long, default_value = "/etc/acm-backup/tls/tls.crt")]
    pub tls_certificate: PathBuf,

    /// PEM file with the certificate's private key.
    #[arg(long, default_value = "/etc/acm-backup/tls/tls.key")]
    pub tls_key: PathBuf,

    /// Oldest TLS version that is answered.
    #[arg(long, value_enum, default_value_t)]
    pub tls_min_version: MinVersion,

    /// PEM file with the authority that signed the API server's client certificate. With it, only who shows one
    /// is answered on the TLS port; without it, whoever reaches the port.
    #[arg(long, value_name = "FILE")]
    pub client_ca: Option<PathBuf>,

    /// The name the client certificate must have as well: its common name or a DNS name. For an authority that
    /// signs more than the API server's.
    #[arg(long, value_name = "NAME", requires = "client_ca")]
    pub client_name: Option<String>,

    /// How often these files are compared with what is in use.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub certificate_poll: Duration,

    /// How long calls are still taken after SIGTERM, so that API servers can turn away first.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub drain_delay: Duration,

    /// Reviews judged at once, of each kind: labels never keep guards waiting, nor the reverse.
    #[arg(long, default_value_t = 16)]
    pub max_reviews: usize,

    /// Connections held at once.
    #[arg(long, default_value_t = 512)]
    pub max_connections: usize,

    /// Kubeconfig of the hub; the pod's service account without it.
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,

    /// Context in the kubeconfig.
    #[arg(long, requires = "kubeconfig")]
    pub context: Option<String>,

    /// Namespace of the operator, its Restores, BackupSchedules and Backups.
    #[arg(long, default_value = names::OPERATOR_NAMESPACE)]
    pub backup_namespace: String,

    /// User the operator acts as; its own writes are never refused.
    #[arg(long, default_value = names::OPERATOR_USER)]
    pub operator_user: String,

    /// A service account that may attest (system:serviceaccount:NAMESPACE:NAME), if it holds the right as
    /// well; no other may, whatever rights it holds. Can be given several times.
    #[arg(long = "attesting-account", value_name = "USER", action = clap::ArgAction::Append)]
    pub attesting_accounts: Vec<String>,

    /// Namespace of this webhook, where its Leases are.
    #[arg(long, env = "POD_NAMESPACE", value_parser = own_namespace, default_value = names::NAMESPACE)]
    pub namespace: String,

    /// Name of this replica in the Lease; must differ between replicas.
    #[arg(long, env = "POD_NAME", default_value_t = format!("process-{}", std::process::id()))]
    pub identity: String,

    /// The API server's --request-timeout, the longest a request it has begun may still be stored. With
    /// --api-server-clock-skew it bounds how long a reservation is held whose object nobody has seen.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    pub api_server_request_timeout: Duration,

    /// By how much the clocks of the hub's API servers may differ.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub api_server_clock_skew: Duration,

    /// Label also the Secrets of clusters that are older than this installation. It copies their cloud,
    /// pull and SSH keys into the backups: a decision, so it is asked for.
    #[arg(long)]
    pub label_existing: bool,

    /// What is logged: error, warn, info, debug or trace, also per module
    /// (info,acm_backup_webhook=debug).
    #[arg(long, env = "ACM_BACKUP_LOG", default_value = "info")]
    pub log: String,
}

impl Args {
    /// How long after its review an object may still be stored.
    #[must_use]
    pub fn reservation(&self) -> SignedDuration {
        let bound = self
            .api_server_request_timeout
            .saturating_add(self.api_server_clock_skew);
        SignedDuration::try_from(bound).unwrap_or(SignedDuration::MAX)
    }

    /// The certificate's files.
    #[must_use]
    pub fn files(&self) -> Files {
        Files {
            certificate: self.tls_certificate.clone(),
            key: self.tls_key.clone(),
        }
    }
}

/// The guards' condition, the rights and the plugin know one namespace. Moved to another (by a kustomize
/// `namespace:`, say) the webhook would run, and the armed guards would not be asked.
fn own_namespace(text: &str) -> Result<String, String> {
    match text {
        names::NAMESPACE => Ok(text.to_owned()),
        _ => Err(format!(
            "the manifests install the webhook in namespace {}, and nowhere else: apply them as they are, without \
             a namespace of your own",
            names::NAMESPACE
        )),
    }
}

/// A Go duration, as everywhere else in this field.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed: acm_backup_domain::time::GoDuration =
        text.parse().map_err(|error| format!("{error}"))?;
    u64::try_from(parsed.as_nanos())
        .map(Duration::from_nanos)
        .map_err(|_| "must not be negative".to_owned())
}

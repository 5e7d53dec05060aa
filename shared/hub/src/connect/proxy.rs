//! Which proxy stands between us and an API server: as client-go finds out.
//!
//! A kubeconfig's `proxy-url` is always used. Without one the environment decides, in a pod as well, by the rules
//! of Go's httpproxy: HTTPS_PROXY for https, HTTP_PROXY for http, the lower-case names where those are empty, and
//! NO_PROXY with hosts, domains, addresses, networks and ports. Loopback never goes through a proxy of the
//! environment.

use super::ConnectError;
use acm_backup_domain::redact::without_passwords;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Https,
    Socks5,
}

/// A proxy. Its password is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub kind: Kind,
    /// Scheme, host and port.
    pub address: Uri,
    /// User and password, decoded.
    pub user: Option<(String, String)>,
    /// What named it: `proxy-url of cluster "a"`, `HTTPS_PROXY`.
    pub named_by: String,
}

impl Proxy {
    /// `Proxy-Authorization`
    pub fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.user.as_ref()?;
        let pair = STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {pair}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.to_string();
        write!(
            f,
            "proxy {} ({})",
            address.trim_end_matches('/'),
            self.named_by
        )
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The environment's proxies.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    pub https: Option<(&'static str, String)>,
    pub http: Option<(&'static str, String)>,
    pub none: String,
    /// Set where a CGI program runs: then HTTP_PROXY may be a header of whoever asks.
    pub cgi: bool,
}

impl Environment {
    /// Ours.
    pub fn read() -> Self {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = std::env::var(name).ok()?;
                (!value.is_empty()).then_some((name, value))
            })
        };
        Self {
            https: first(["HTTPS_PROXY", "https_proxy"]),
            http: first(["HTTP_PROXY", "http_proxy"]),
            none: first(["NO_PROXY", "no_proxy"]).map_or_else(String::new, |(_, value)| value),
            cgi: std::env::var_os("REQUEST_METHOD").is_some_and(|value| !value.is_empty()),
        }
    }

    /// The proxy for a server. One that cannot be read is none, as it is for Go.
    pub fn for_server(&self, server: &Uri) -> Option<Proxy> {
        let https = server.scheme_str() == Some("https");
        let (name, value) = match https {
            true => self.https.as_ref()?,
            false if self.cgi => return None,
            false => self.http.as_ref()?,
        };
        let default = if https { 443 } else { 80 };
        let port = server.port_u16().unwrap_or(default);
        if !self.uses(server.host()?, port) {
            return None;
        }
        parse(value, name).or_else(|| parse(&format!("http://{value}"), name))
    }

    fn uses(&self, host: &str, port: u16) -> bool {
        let host = host
            .trim_matches(|bracket| "[]".contains(bracket))
            .to_lowercase();
        let ip = host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
            return false;
        }
        !self
            .none
            .split(',')
            .map(|entry| entry.trim().to_lowercase())
            .any(|entry| spares(&entry, &host, ip, port))
    }
}

/// Whether an entry of NO_PROXY spares a server the proxy.
fn spares(entry: &str, host: &str, ip: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(network) = entry.parse::<IpNet>() {
        return ip.is_some_and(|ip| network.contains(&ip));
    }
    let (name, only) = split_port(entry);
    if name.is_empty() || only.is_some_and(|only| only != port.to_string()) {
        return false;
    }
    let name = match only {
        Some(_) => name.trim_matches(|bracket| "[]".contains(bracket)),
        None => name,
    };
    if let Ok(spared) = name.parse::<IpAddr>() {
        return ip == Some(spared.to_canonical());
    }
    if ip.is_some() {
        return false;
    }
    // A leading dot spares the subdomains only.
    let name = name
        .strip_prefix('*')
        .filter(|rest| rest.starts_with('.'))
        .unwrap_or(name);
    match name.strip_prefix('.') {
        Some(domain) => host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.')),
        None => {
            host == name
                || host
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.ends_with('.'))
        }
    }
}

/// `host:port`; an IPv6 address needs brackets to have a port.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    }
}

/// What is said of one that is none.
const NO_PROXY_ADDRESS: &str =
    "is no address of a proxy; http://, https:// and socks5:// are known";

/// A kubeconfig's `proxy-url`, which is used whatever the environment says.
pub(crate) fn of_kubeconfig(url: &str, field: &str) -> Result<Proxy, ConnectError> {
    parse(url, field).ok_or_else(|| {
        let bare = without_passwords(url);
        ConnectError::Field {
            field: field.to_owned(),
            why: match bare.contains('@') {
                true => format!("it {NO_PROXY_ADDRESS} (not shown: it may hold a password)"),
                false => format!("{bare:?} {NO_PROXY_ADDRESS}"),
            },
        }
    })
}

fn parse(url: &str, named_by: &str) -> Option<Proxy> {
    let (scheme, rest) = url.split_once("://")?;
    let (kind, scheme, default) = match scheme.to_ascii_lowercase().as_str() {
        "http" => (Kind::Http, "http", 80),
        "https" => (Kind::Https, "https", 443),
        "socks5" | "socks5h" => (Kind::Socks5, "socks5", 1080),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let address: Uri = match split_port(host) {
        (_, Some(port)) if !port.is_empty() => format!("{scheme}://{host}/"),
        (host, _) => format!("{scheme}://{host}:{default}/"),
    }
    .parse()
    .ok()?;
    address.port_u16()?;
    address.host().filter(|host| !host.is_empty())?;
    let user = user.map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        (decoded(name), decoded(password))
    });
    Some(Proxy {
        kind,
        address,
        user,
        named_by: named_by.to_owned(),
    })
}

/// Without percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let two = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = two
            .filter(|two| *first == b'%' && two.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = after.get(byte.map_or(0, |_| 2)..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(https: &str, http: &str, none: &str) -> Environment {
        let set = |name, value: &str| (!value.is_empty()).then(|| (name, value.to_owned()));
        Environment {
            https: set("HTTPS_PROXY", https),
            http: set("HTTP_PROXY", http),
            none: none.to_owned(),
            cgi: false,
        }
    }

    fn chosen(environment: &Environment, server: &str) -> Option<String> {
        let proxy = environment.for_server(&server.parse().unwrap())?;
        Some(proxy.address.to_string().trim_end_matches('/').to_owned())
    }

    /// Each row is what Go's own httpproxy answers.
    #[test]
    fn no_proxy_is_read_as_go_reads_it() {
        for (none, server, proxied) in [
            ("", "https://api.example.com:6443", true),
            ("*", "https://api.example.com:6443", false),
            ("a, *", "https://api.example.com", false),
            ("example.com", "https://api.example.com", false),
            ("example.com", "https://example.com", false),
            ("example.com", "https://notexample.com", true),
            (".example.com", "https://api.example.com", false),
            (".example.com", "https://example.com", true),
            ("*.example.com", "https://api.example.com", false),
            ("*.example.com", "https://example.com", true),
            ("EXAMPLE.com", "https://API.example.COM", false),
            (" example.com , ", "https://api.example.com", false),
            ("x,,example.com,", "https://api.example.com", false),
            (",", "https://api.example.com", true),
            ("example.com:6443", "https://api.example.com:6443", false),
            ("example.com:6443", "https://api.example.com", true),
            ("example.com:443", "https://api.example.com", false),
            ("example.com:80", "http://api.example.com", false),
            (":6443", "https://api.example.com:6443", true),
            ("10.0.0.0/8", "https://10.1.2.3:6443", false),
            ("10.0.0.0/8", "https://11.1.2.3:6443", true),
            ("10.1.2.3", "https://10.1.2.3:6443", false),
            ("10.1.2.3:443", "https://10.1.2.3:6443", true),
            ("10.1.2.3:6443", "https://10.1.2.3:6443", false),
            ("10.1.2", "https://10.1.2.3:6443", true),
            (".2.3", "https://10.1.2.3:6443", true),
            ("fd00::/8", "https://[fd00::1]:6443", false),
            ("fd00::1", "https://[fd00::1]:6443", false),
            ("[fd00::1]:6443", "https://[fd00::1]:6443", false),
            ("[fd00::1]:443", "https://[fd00::1]:6443", true),
            ("[fd00::1]", "https://[fd00::1]:6443", true),
            (
                "172.30.0.0/16,.svc,.cluster.local",
                "https://172.30.0.1:443",
                false,
            ),
            (
                "172.30.0.0/16,.svc,.cluster.local",
                "https://kubernetes.default.svc",
                false,
            ),
            ("", "https://localhost:6443", false),
            ("", "https://127.0.0.1:6443", false),
            ("", "https://127.8.9.1:6443", false),
            ("", "https://[::1]:6443", false),
        ] {
            let environment = environment("http://proxy:3128", "http://proxy:3128", none);
            assert_eq!(
                chosen(&environment, server).is_some(),
                proxied,
                "NO_PROXY={none:?} {server}"
            );
        }
    }

    #[test]
    fn the_scheme_decides_which_variable_counts() {
        let both = environment("http://secure:1", "http://plain:2", "");
        assert_eq!(
            chosen(&both, "https://a").as_deref(),
            Some("http://secure:1")
        );
        assert_eq!(chosen(&both, "http://a").as_deref(), Some("http://plain:2"));
        let cgi = Environment { cgi: true, ..both };
        assert_eq!(chosen(&cgi, "http://a"), None);
        assert_eq!(
            chosen(&environment("", "http://plain:2", ""), "https://a"),
            None
        );
    }

    #[test]
    fn addresses_of_proxies() {
        for (url, address) in [
            ("proxy:3128", Some("http://proxy:3128")),
            ("proxy", Some("http://proxy:80")),
            ("https://proxy", Some("https://proxy:443")),
            ("socks5://proxy", Some("socks5://proxy:1080")),
            ("HTTP://proxy:1/x", Some("http://proxy:1")),
            ("http://jane:p%40ss@proxy:1", Some("http://proxy:1")),
            ("http://[fd00::1]:8080", Some("http://[fd00::1]:8080")),
        ] {
            let found = chosen(&environment(url, "", ""), "https://a");
            assert_eq!(found.as_deref(), address, "{url}");
        }
        let proxy = parse("http://jane:p%40s%3As@proxy:1", "HTTPS_PROXY").unwrap();
        assert_eq!(proxy.user, Some(("jane".into(), "p@s:s".into())));
        assert_eq!(format!("{proxy} {proxy:?}").matches("p@s").count(), 0);
    }

    #[test]
    fn a_proxy_url_that_cannot_be_used_is_refused_without_its_password() {
        let error =
            of_kubeconfig("ftp://jane:hunter2@proxy", "proxy-url of cluster \"a\"").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("proxy-url of cluster \"a\"") && text.contains("ftp://proxy"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

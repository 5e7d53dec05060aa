//! Secrets wherever one can stand, and whatever goes wrong: none of them is shown.

use crate::api_server::{Answer, ApiServer};
use crate::invocation::{Outcome, run_with};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

/// Every secret begins so, in the clear and in base64.
const MARK: &str = "S3CR3Tc4n4ry";
const MARK_IN_BASE64: &str = "UzNDUjNUYzRuNHJ5";
/// As a server quotes the token it was sent.
const ECHOED: &str = "S3CR3Tc4n4ry0123456789abcdefTOKEN";
const PASSWORD: &str = "S3CR3Tc4n4ry-password-1";
/// One that looks like a word, as itself and as basic authentication sends it.
const PLAIN: &str = "swordfish";
const PLAIN_IN_BASE64: &str = "c3dvcmRmaXNo";
const IN_A_FIELD: &str = "UzNDUjNUYzRuNHJ5LWtleQ==";

fn assert_silent(outcome: &Outcome, what: &str) {
    let told = outcome.to_string();
    for mark in [MARK, MARK_IN_BASE64, PLAIN, PLAIN_IN_BASE64] {
        assert!(!told.contains(mark), "{what}: a secret is shown:\n{told}");
    }
}

fn try_all(kubeconfig: &Value, environment: &[(&str, &str)], what: &str) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config");
    fs::write(&file, kubeconfig.to_string()).unwrap();
    let file = file.to_str().unwrap();
    for (command, format) in [
        ("status", "text"),
        ("status", "wide"),
        ("status", "json"),
        ("status", "yaml"),
        ("version", "text"),
        ("version", "json"),
    ] {
        let line = [
            command,
            "-o",
            format,
            "--kubeconfig",
            file,
            "--request-timeout",
            "5s",
            "-v",
            "9",
        ];
        let mut environment = environment.to_vec();
        environment.extend([
            ("PATH", "/usr/bin:/bin"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
        ]);
        assert_silent(
            &run_with(&line, &environment),
            &format!("{what}: {command} -o {format}"),
        );
    }
}

fn kubeconfig(cluster: Value, user: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "hub",
        "clusters": [{"name": "hub", "cluster": cluster}],
        "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "admin"}}],
        "users": [{"name": "admin", "user": user}],
    })
}

/// How a user can be proven to be one, each with a secret.
fn users(directory: &Path) -> Vec<(&'static str, Value)> {
    let token = directory.join("token");
    fs::write(&token, ECHOED).unwrap();
    let exec = |name: &str, script: &str| {
        let program = directory.join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": program,
            "args": ["--password", PASSWORD], "env": [{"name": "PASSWORD", "value": PASSWORD}],
        }})
    };
    let credential = |status: &str| {
        format!(
            "echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{status}}}'"
        )
    };
    vec![
        ("token", json!({"token": ECHOED})),
        (
            "token with a line end",
            json!({"token": format!("{ECHOED}\n")}),
        ),
        ("tokenFile", json!({"tokenFile": token})),
        ("basic", json!({"username": "admin", "password": PASSWORD})),
        (
            "a key that is none",
            json!({"client-certificate-data": IN_A_FIELD, "client-key-data": IN_A_FIELD}),
        ),
        (
            "a key in the clear",
            json!({"client-certificate-data": ECHOED, "client-key-data": ECHOED}),
        ),
        (
            "a key of which only the end is there",
            json!({"client-key-data": IN_A_FIELD}),
        ),
        (
            "auth-provider",
            json!({"auth-provider": {"name": "gcp", "config": {"access-token": ECHOED}}}),
        ),
        (
            "oidc",
            json!({"auth-provider": {"name": "oidc", "config": {"id-token": ECHOED, "refresh-token": PASSWORD}}}),
        ),
        ("as", json!({"token": ECHOED, "as": format!("{ECHOED}\n")})),
        (
            "a plugin's token",
            exec("good", &credential(&format!("{{\"token\":\"{ECHOED}\"}}"))),
        ),
        (
            "a plugin's key",
            exec(
                "key",
                &credential(&format!(
                    "{{\"clientCertificateData\":\"{ECHOED}\",\"clientKeyData\":\"{ECHOED}\"}}"
                )),
            ),
        ),
        (
            "a plugin that says too much",
            exec(
                "loud",
                &format!("echo {ECHOED}; echo \"no: {ECHOED} $PASSWORD $*\" >&2; exit 1"),
            ),
        ),
        (
            "a plugin that prints no JSON",
            exec("plain", &format!("echo {ECHOED}; cat /proc/self/environ")),
        ),
        (
            "a plugin that prints half of it",
            exec(
                "half",
                &format!("echo '{{\"status\": {{\"token\": \"{ECHOED}\"'"),
            ),
        ),
        (
            "a plugin with a time that is none",
            exec(
                "time",
                &credential(&format!(
                    "{{\"token\":\"{ECHOED}\",\"expirationTimestamp\":\"{ECHOED}\"}}"
                )),
            ),
        ),
        ("a field of another type", json!({"token": {"x": ECHOED}})),
        (
            "a field that is not known",
            json!({"tokn": ECHOED, "exec": ECHOED}),
        ),
    ]
}

/// What a server can say to that, with the secret it was sent in its answer.
const ANSWERS: [(&str, Answer); 8] = [
    (
        "says it in a Status",
        Answer::Says("token S3CR3Tc4n4ry0123456789abcdefTOKEN: invalid"),
    ),
    (
        "says it in text",
        Answer::Page(500, "", "token S3CR3Tc4n4ry0123456789abcdefTOKEN"),
    ),
    (
        "says it in a page",
        Answer::Page(
            200,
            "content-type: text/html\r\n",
            "<title>S3CR3Tc4n4ry0123456789abcdefTOKEN</title>",
        ),
    ),
    (
        "sends it elsewhere",
        Answer::Page(
            302,
            "location: http://x/?S3CR3Tc4n4ry0123456789abcdefTOKEN\r\n",
            "",
        ),
    ),
    (
        "says it in JSON",
        Answer::Page(
            200,
            "content-type: application/json\r\n",
            "{\"items\": \"S3CR3Tc4n4ry0123456789abcdefTOKEN\", \"gitVersion\": [\"S3CR3Tc4n4ry0123456789abcdefTOKEN\"]}",
        ),
    ),
    (
        "breaks off",
        Answer::Page(
            200,
            "content-type: application/json\r\n",
            "{\"items\": [{\"S3CR3Tc4n4ry0123456789abcdefTOKEN",
        ),
    ),
    ("does not know it", Answer::Unauthorized),
    (
        "does not speak HTTP",
        Answer::Page(99, "S3CR3Tc4n4ry0123456789abcdefTOKEN\r\n", ""),
    ),
];

#[test]
fn whatever_the_server_answers() {
    let directory = tempfile::tempdir().unwrap();
    for (answer, said) in ANSWERS {
        let server = ApiServer::start_tls("active", &[("", said)]);
        for (user, value) in users(directory.path()) {
            try_all(
                &kubeconfig(
                    json!({"server": server.url, "insecure-skip-tls-verify": true}),
                    value,
                ),
                &[],
                &format!("{user}, and the server {answer}"),
            );
        }
    }
}

/// Failed before for all but the first: what was sent was known only where it stood in the kubeconfig.
#[test]
fn a_server_that_quotes_what_it_was_sent_however_plain() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plain");
    fs::write(&file, PLAIN).unwrap();
    for (what, said, user) in [
        (
            "token",
            "Bearer swordfish: no such",
            json!({"token": PLAIN}),
        ),
        (
            "tokenFile",
            "Bearer swordfish: no such",
            json!({"tokenFile": file}),
        ),
        (
            "basic",
            "Basic YWRtaW46c3dvcmRmaXNo: no such",
            json!({"username": "admin", "password": PLAIN}),
        ),
    ] {
        let server = ApiServer::start_tls("active", &[("", Answer::Says(said))]);
        let cluster = json!({"server": server.url, "insecure-skip-tls-verify": true});
        try_all(&kubeconfig(cluster, user), &[], what);
    }
}

/// Failed before: each was shown whole.
#[test]
fn a_password_in_an_address_that_is_none() {
    let user = json!({"token": ECHOED});
    let server = "https://127.0.0.1:9";
    for cluster in [
        json!({"server": server, "proxy-url": "jane:swordfish@127.0.0.1:9"}),
        json!({"server": server, "proxy-url": "http://jane:sword/swordfish@127.0.0.1:9"}),
        json!({"server": "https://jane:sword/swordfish@127.0.0.1:9"}),
    ] {
        let what = cluster.to_string();
        try_all(&kubeconfig(cluster, user.clone()), &[], &what);
    }
}

/// Failed before: what stood in the plugin's environment was known, what stood in its arguments was not.
#[test]
fn a_plugin_that_quotes_its_arguments() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("plugin");
    fs::write(
        &program,
        "#!/bin/sh\necho \"unknown option: $*\" >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for arguments in [
        json!(["--secret=swordfish"]),
        json!(["--secret", "swordfish"]),
    ] {
        let user = json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
            "command": program, "args": arguments,
        }});
        let cluster = json!({"server": "https://127.0.0.1:9"});
        try_all(&kubeconfig(cluster, user), &[], "arguments");
    }
}

/// A password need not look like one: it is known, for it was sent.
#[test]
fn a_server_that_quotes_the_password_it_was_sent() {
    let said = Answer::Says("user admin, password S3CR3Tc4n4ry-password-1: no such");
    let server = ApiServer::start_tls("active", &[("", said)]);
    let user = json!({"username": "admin", "password": PASSWORD});
    try_all(
        &kubeconfig(
            json!({"server": server.url, "insecure-skip-tls-verify": true}),
            user,
        ),
        &[],
        "a quoted password",
    );
}

#[test]
fn whatever_is_wrong_with_the_cluster() {
    let user = json!({"token": ECHOED});
    for (what, cluster) in [
        (
            "an address with a password",
            json!({"server": format!("http://admin:{PASSWORD}@127.0.0.1:9")}),
        ),
        (
            "an address that is none",
            json!({"server": format!("http://admin:{PASSWORD}@a b")}),
        ),
        (
            "another scheme",
            json!({"server": format!("ftp://admin:{PASSWORD}@127.0.0.1:9")}),
        ),
        (
            "authorities that are none",
            json!({"server": "https://127.0.0.1:9", "certificate-authority-data": IN_A_FIELD}),
        ),
        (
            "authorities in the clear",
            json!({"server": "https://127.0.0.1:9", "certificate-authority-data": ECHOED}),
        ),
        (
            "a proxy of another kind",
            json!({"server": "https://127.0.0.1:9", "proxy-url": format!("ftp://admin:{PASSWORD}@127.0.0.1:9")}),
        ),
        (
            "a proxy that is not there",
            json!({"server": "https://127.0.0.1:9", "proxy-url": format!("http://admin:{PASSWORD}@127.0.0.1:9")}),
        ),
        (
            "a socks proxy that is not there",
            json!({"server": "https://127.0.0.1:9", "proxy-url": format!("socks5://admin:{PASSWORD}@127.0.0.1:9")}),
        ),
    ] {
        try_all(&kubeconfig(cluster, user.clone()), &[], what);
    }
    let unreachable = format!("http://admin:{PASSWORD}@127.0.0.1:9");
    for name in ["HTTP_PROXY", "https_proxy"] {
        for server in ["http://hub.example.com", "https://hub.example.com"] {
            try_all(
                &kubeconfig(json!({"server": server}), user.clone()),
                &[(name, &unreachable)],
                name,
            );
        }
    }
}

/// Proxies that quote what they were sent.
#[test]
fn whatever_a_proxy_answers() {
    for answer in [
        "HTTP/1.1 407 S3CR3Tc4n4ry-password-1\r\n\r\nS3CR3Tc4n4ry",
        "HTTP/1.1 502 S3CR3Tc4n4ry\r\ncontent-length: 0\r\n\r\n",
        "S3CR3Tc4n4ry-password-1\r\n\r\n",
        "",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        for scheme in ["http", "https", "socks5"] {
            let proxy = format!("{scheme}://admin:{PASSWORD}@127.0.0.1:{port}");
            let cluster = json!({"server": "https://hub.example.com", "proxy-url": proxy});
            try_all(
                &kubeconfig(cluster, json!({"token": ECHOED})),
                &[],
                &format!("{scheme} {answer:?}"),
            );
        }
    }
}

#[test]
fn flags() {
    let server = ApiServer::start_tls("active", &[("", ANSWERS[0].1)]);
    let token = format!("{ECHOED}\n");
    for line in [
        vec![
            "status",
            "--server",
            &server.url,
            "--insecure-skip-tls-verify",
            "--token",
            ECHOED,
        ],
        vec![
            "status",
            "--server",
            &server.url,
            "--insecure-skip-tls-verify",
            "--token",
            &token,
        ],
        vec![
            "status",
            "--server",
            &server.url,
            "--insecure-skip-tls-verify",
            "--token",
            ECHOED,
            "-o",
            "nothing",
        ],
    ] {
        assert_silent(&run_with(&line, &[]), &line.join(" "));
    }
}

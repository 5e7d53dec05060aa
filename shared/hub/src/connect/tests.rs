use super::flags::apply;
use super::*;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

fn refused(options: &Options) -> String {
    let found = run(connect(options, Duration::from_secs(10)));
    found.err().unwrap().to_string()
}

/// A kubeconfig of one hub.
fn kubeconfig(cluster: &str, user: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "{{current-context: hub, clusters: [{{name: c, cluster: {cluster}}}], users: [{{name: u, user: {user}}}], \
         contexts: [{{name: hub, context: {{cluster: c, user: u, namespace: ns}}}}, {{name: bare, context: {{cluster: c, user: ''}}}}]}}"
    );
    std::fs::write(file.path(), text).unwrap();
    file
}

fn options(file: &tempfile::NamedTempFile) -> Options {
    Options {
        kubeconfig: Some(file.path().to_owned()),
        ..Options::default()
    }
}

#[test]
fn flags_win_over_the_kubeconfig() {
    let mut target = Target {
        server: "https://one.example:6443".into(),
        token: Some(("old".into(), "token".into())),
        token_file: Some(("/old".into(), "tokenFile".into())),
        ..Target::default()
    };
    target.authority.data = Some("bm90aGluZw==".into());
    let options = Options {
        server: Some("https://two.example".into()),
        token: Some("new".into()),
        insecure: true,
        impersonate: Some("jane".into()),
        impersonate_groups: vec!["dr".into()],
        impersonate_uid: Some("7".into()),
        tls_server_name: Some("hub".into()),
        ..Options::default()
    };
    apply(&options, &mut target);
    assert_eq!(target.server, "https://two.example");
    assert!(target.insecure && target.authority.data.is_none());
    assert_eq!(target.tls_server_name.as_deref(), Some("hub"));
    assert_eq!(target.token.unwrap().0, "new");
    assert!(target.token_file.is_none());
    let who = target.acting_as;
    assert_eq!(who.impersonate.as_deref(), Some("jane"));
    assert_eq!(who.impersonate_groups, Some(vec!["dr".to_owned()]));
    assert_eq!(who.impersonate_uid.as_deref(), Some("7"));
}

#[test]
fn the_context_names_server_and_namespace() {
    let file = kubeconfig("{server: 'http://one.example:8080'}", "{}");
    let by = |context: &str| {
        let options = Options {
            context: Some(context.into()),
            ..options(&file)
        };
        run(connect(&options, Duration::from_secs(10))).unwrap()
    };
    let with = by("hub");
    assert_eq!(
        (with.server.as_str(), with.namespace.as_deref()),
        ("http://one.example:8080", Some("ns"))
    );
    assert_eq!(by("bare").namespace, None);
}

#[test]
fn what_is_wrong_is_said_by_the_name_of_its_field() {
    let server = "server: 'https://one.example'";
    for (cluster, user, expected) in [
        ("{}", "{}", "server of cluster \"c\": there is none"),
        (
            "{server: 'ftp://x'}",
            "{}",
            "server of cluster \"c\": \"ftp://x\" is no address of an API server",
        ),
        (
            "{server: 'https://jane:hunter2@a b'}",
            "{}",
            "server of cluster \"c\": \"https://a b\": ",
        ),
        (
            &*format!("{{{server}, certificate-authority-data: '***'}}"),
            "{}",
            "certificate-authority-data of cluster \"c\": it is not base64",
        ),
        (
            &*format!("{{{server}, certificate-authority-data: 'aHVudGVyMg=='}}"),
            "{}",
            "certificate-authority-data of cluster \"c\": it holds no certificate in PEM",
        ),
        (
            &*format!("{{{server}, certificate-authority: /does/not/exist}}"),
            "{}",
            "certificate-authority of cluster \"c\": /does/not/exist: ",
        ),
        (
            &*format!(
                "{{{server}, certificate-authority-data: 'aHVudGVyMg==', insecure-skip-tls-verify: true}}"
            ),
            "{}",
            "certificate-authority-data of cluster \"c\": insecure-skip-tls-verify is set beside it",
        ),
        (
            &*format!("{{{server}, proxy-url: 'ftp://jane:hunter2@p'}}"),
            "{}",
            "proxy-url of cluster \"c\": \"ftp://p\" is no address of a proxy",
        ),
        (
            &*format!("{{{server}, tls-server-name: 'a b'}}"),
            "{}",
            "tls-server-name: \"a b\" is no name",
        ),
        (
            &*format!("{{{server}}}"),
            "{client-certificate-data: aHVudGVyMg==}",
            "client-certificate-data of user \"u\": it has no client-key beside it",
        ),
        (
            &*format!("{{{server}}}"),
            "{client-key-data: aHVudGVyMg==}",
            "client-key-data of user \"u\": it has no client-certificate beside it",
        ),
        (
            &*format!("{{{server}}}"),
            "{client-certificate: /a, client-key: /b}",
            "client-certificate of user \"u\": /a: ",
        ),
        (
            &*format!("{{{server}}}"),
            "{tokenFile: /does/not/exist}",
            "tokenFile of user \"u\": /does/not/exist: ",
        ),
        (
            &*format!("{{{server}}}"),
            "{token: \"hunter2\\n\"}",
            "token of user \"u\": it holds characters that no header carries",
        ),
        (
            &*format!("{{{server}}}"),
            "{auth-provider: {name: gcp, config: {access-token: hunter2}}}",
            "auth-provider of user \"u\": \"gcp\" is not spoken any more",
        ),
        (
            &*format!("{{{server}}}"),
            "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}}",
            "exec of user \"u\": its apiVersion is none that is spoken any more",
        ),
        (
            &*format!("{{{server}}}"),
            "{exec: {command: x, apiVersion: client.authentication.k8s.io/v1}}",
            "exec of user \"u\": it has no interactiveMode",
        ),
        (
            &*format!("{{{server}}}"),
            "{exec: {apiVersion: client.authentication.k8s.io/v1beta1}}",
            "exec of user \"u\": it has no command",
        ),
    ] {
        let error = refused(&options(&kubeconfig(cluster, user)));
        assert!(
            error.starts_with(expected),
            "{cluster} {user}:\n{error}\n{expected}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn what_a_flag_names_is_said_by_its_name() {
    let file = kubeconfig("{server: 'https://one.example'}", "{}");
    let missing = Some(PathBuf::from("/does/not/exist"));
    let error = refused(&Options {
        certificate_authority: missing.clone(),
        ..options(&file)
    });
    assert!(
        error.starts_with("--certificate-authority: /does/not/exist: "),
        "{error}"
    );
    let error = refused(&Options {
        client_certificate: missing.clone(),
        client_key: missing,
        ..options(&file)
    });
    assert!(
        error.starts_with("--client-certificate: /does/not/exist: "),
        "{error}"
    );
}

#[test]
fn names_that_are_not_in_the_kubeconfig() {
    let file = kubeconfig("{server: 'http://one.example'}", "{}");
    for (options, expected) in [
        (
            Options {
                context: Some("x".into()),
                ..options(&file)
            },
            "there is no context \"x\"",
        ),
        (
            Options {
                cluster: Some("x".into()),
                ..options(&file)
            },
            "there is no cluster \"x\"",
        ),
        (
            Options {
                user: Some("x".into()),
                ..options(&file)
            },
            "there is no user \"x\"",
        ),
    ] {
        let error = refused(&options);
        assert!(error.contains(expected), "{error}");
    }
    let error = refused(&Options {
        kubeconfig: Some("/does/not/exist".into()),
        ..Options::default()
    });
    assert!(
        error.starts_with("no kubeconfig: /does/not/exist does not exist"),
        "{error}"
    );
}

#[test]
fn a_broken_kubeconfig_is_told_by_its_place_and_not_by_its_text() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for text in [
        "users: [{name: a, user: {token: hunter2}",
        "users:\n- name: a\n  user:\n    token: {hunter2: x}\n",
        "users:\n- name: a\n  user: hunter2\n",
    ] {
        std::fs::write(file.path(), text).unwrap();
        let error = refused(&options(&file));
        assert!(error.contains(": line "), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

/// A proxy that notes what it is asked for, and goes no further.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&head[..read]).into_owned();
            let line = text.lines().next().unwrap_or_default().to_owned();
            noted.lock().unwrap().push(line);
            let _ = stream.write_all(b"HTTP/1.1 502 no\r\n\r\n").await;
        }
    });
    (address, asked)
}

/// In a pod the environment's proxy counts, unless NO_PROXY spares the API server: as for client-go.
#[test]
fn a_pod_asks_by_way_of_the_environments_proxy_where_nothing_spares_it() {
    let directory = tempfile::tempdir().unwrap();
    let authority = rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap();
    for (name, text) in [
        ("token", "t\n"),
        ("namespace", "acm\n"),
        ("ca.crt", &authority.cert.pem()),
    ] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    run(async {
        let (address, asked) = proxy().await;
        for (host, port, none, expected) in [
            ("172.30.0.1", "443", "", "CONNECT 172.30.0.1:443 HTTP/1.1"),
            ("fd02::1", "443", "", "CONNECT [fd02::1]:443 HTTP/1.1"),
            (
                "api.invalid",
                "6443",
                "api.invalid:443",
                "CONNECT api.invalid:6443 HTTP/1.1",
            ),
            ("api.invalid", "6443", ".cluster.local, .invalid,", ""),
            ("127.0.0.1", "9", "", ""),
        ] {
            let target = kubeconfig::pod(host, port, directory.path()).unwrap();
            let environment = Environment {
                https: Some(("HTTPS_PROXY", address.clone())),
                none: none.to_owned(),
                ..Environment::default()
            };
            let deadline = Deadline::within(Duration::from_secs(10));
            let connection = connected(target, &environment, deadline).await.unwrap();
            assert_eq!(connection.namespace.as_deref(), Some("acm"));
            let request = http::Request::get("/version").body(Vec::new()).unwrap();
            let error = connection.client.request_text(request).await.unwrap_err();
            let words = crate::words::innermost(&error);
            let by_proxy = words.starts_with(&format!("by way of proxy {address} (HTTPS_PROXY)"));
            assert_eq!(by_proxy, !expected.is_empty(), "{host}: {words}");
            assert_eq!(
                std::mem::take(&mut *asked.lock().unwrap()).join(" "),
                expected,
                "{host}"
            );
        }
    });
}

/// Those that a pod's network spares: the service network is in NO_PROXY, as OpenShift writes it.
#[test]
fn a_service_network_in_no_proxy_is_spared() {
    let environment = Environment {
        https: Some(("HTTPS_PROXY", "http://proxy:3128".to_owned())),
        none: ".cluster.local,.svc,10.0.0.0/16,172.30.0.0/16,api-int.hub.example.com,localhost"
            .to_owned(),
        ..Environment::default()
    };
    for server in [
        "https://172.30.0.1:443",
        "https://kubernetes.default.svc",
        "https://api-int.hub.example.com:6443",
    ] {
        assert!(
            environment.for_server(&server.parse().unwrap()).is_none(),
            "{server}"
        );
    }
    assert!(
        environment
            .for_server(&"https://172.31.0.1".parse().unwrap())
            .is_some()
    );
}

//! Foreign texts without what looks like a secret.
//!
//! A server's message, a program's complaint or an address may quote the very token that was sent. What is known
//! to be a secret is left out wherever it stands; besides, whatever has the shape of one: tokens are long and mix
//! letters and digits, which the names of hubs, backups and files in our messages do not.

use std::borrow::Cow;

/// What stands in the place of a secret.
pub const LEFT_OUT: &str = "(left out)";

/// Shortest piece that is taken for a token by its shape.
const TOKEN: usize = 20;

/// Shortest text that is searched for as a known secret: shorter ones stand in ordinary words.
const KNOWN: usize = 4;

/// The text without the secrets that are known, and without what has the shape of one.
pub fn redact<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = text.to_owned();
    for secret in known.into_iter().filter(|secret| secret.len() >= KNOWN) {
        text = text.replace(secret, LEFT_OUT);
    }
    let text = without_passwords(&text);
    let mut shown = String::with_capacity(text.len());
    let mut rest = &*text;
    while !rest.is_empty() {
        let end = rest
            .find(|letter| !is_of_a_token(letter))
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        shown.push_str(if is_token(run) { LEFT_OUT } else { run });
        let mut letters = after.chars();
        shown.extend(letters.next());
        rest = letters.as_str();
    }
    shown
}

/// `https://user:password@host` as `https://host`.
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    let mut addresses = text.split("://");
    let head = addresses.next().unwrap_or_default();
    let mut shown = Cow::Borrowed(head);
    for tail in addresses {
        let end = tail
            .find(|letter: char| letter.is_whitespace() || "/?#\"'<>".contains(letter))
            .unwrap_or(tail.len());
        let (authority, after) = tail.split_at_checked(end).unwrap_or((tail, ""));
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let shown = shown.to_mut();
        for part in ["://", host, after] {
            shown.push_str(part);
        }
    }
    shown
}

fn is_of_a_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.~+/=".contains(letter)
}

fn is_token(run: &str) -> bool {
    if run.contains("eyJ") || run.starts_with("sha256~") {
        return true;
    }
    run.split(['-', '.', '/', '=', '~']).any(|piece| {
        piece.len() >= TOKEN
            && piece.bytes().any(|byte| byte.is_ascii_digit())
            && piece.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_shape_of_a_token_is_left_out() {
        for (text, shown) in [
            (
                "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln expired",
                "token (left out) expired",
            ),
            ("Bearer sha256~abc-def_ghi", "Bearer (left out)"),
            (
                "key AKIAIOSFODNN7EXAMPLE12 refused",
                "key (left out) refused",
            ),
            (
                "password=c2VjcmV0LXRva2VuLTEyMzQ1Njc4OTA=, sorry",
                "(left out), sorry",
            ),
            (
                "proxy http://jane:hunter2@proxy:3128/ and https://a:b@c",
                "proxy http://proxy:3128/ and https://c",
            ),
        ] {
            assert_eq!(redact(text, []), shown);
        }
    }

    #[test]
    fn what_is_known_is_left_out_whatever_its_shape() {
        assert_eq!(
            redact("no hunter2 here", ["hunter2", "no"]),
            "no (left out) here"
        );
    }

    /// What a server says may be a megabyte of anything.
    #[test]
    fn a_long_text_is_gone_through_once() {
        for piece in ["://", "a ", "://a@b ", "a1b2c3d4e5f6g7h8i9j0k "] {
            let shown = redact(&piece.repeat(1 << 19), ["hunter2"]);
            assert!(!shown.contains('@') && !shown.contains("j0k"), "{piece}");
        }
    }

    #[test]
    fn names_hosts_times_and_paths_stay() {
        for text in [
            "hub 81431db3-2b3e-56e4-93ca-3481bd29fa8b wrote acm-managed-clusters-schedule-20261122153228",
            "https://api.hub-1.emea.example.com:6443/apis/cluster.open-cluster-management.io/v1beta1: refused",
            "/home/jane/.kube/config: line 3, 2026-11-22T16:20:26Z; session expired: run 'cloudctl login' again",
            "",
        ] {
            assert_eq!(redact(text, []), text);
        }
    }
}

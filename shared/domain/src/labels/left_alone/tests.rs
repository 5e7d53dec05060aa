use super::*;
use crate::labels::referrers::{Referrer, Row, Treatment};
use crate::upstream::object_label::{self, EXCLUDE, METAL3_ENVIRONMENT};
use serde_json::json;
use std::collections::BTreeMap;

const OLD: &str = "2026-01-01T00:00:00Z";
const NEW: &str = "2026-11-22T16:00:00Z";
const DEPLOYMENT: Source = Source::Referrer(ReferrerKind::ClusterDeployment);

fn installed() -> Option<Timestamp> {
    "2026-11-22T12:00:00Z".parse().ok()
}

/// ClusterDeployments in one namespace, each with its age and the pull secret it names.
fn references(named: &[(&str, &str)]) -> References {
    let mut references = References::default();
    for (created, pull) in named {
        let object = json!({
            "metadata": {"name": created, "namespace": "c1", "creationTimestamp": created},
            "spec": {"pullSecretRef": {"name": pull}},
        });
        references.insert(Referrer::read(ReferrerKind::ClusterDeployment, &object));
    }
    references
}

fn standing(
    left: &LeftAlone,
    created: &str,
    labels: &[(&str, &str)],
    references: &References,
) -> Standing {
    standing_of(Some(1), left, created, labels, references)
}

fn standing_of(
    uid: Option<Uid>,
    left: &LeftAlone,
    created: &str,
    labels: &[(&str, &str)],
    references: &References,
) -> Standing {
    let labels: BTreeMap<_, _> = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let subject = Subject {
        what: Labelled::Secret,
        namespace: "c1",
        name: "pull",
        labels: &labels as &dyn Labels,
    };
    let one = Unselected {
        uid,
        created: created.parse().ok(),
        subject,
    };
    left.standing(&one, references)
}

fn record(asked: &[Source], uids: &[Uid]) -> LeftAlone {
    LeftAlone {
        asked: asked.iter().copied().collect(),
        uids: uids.iter().copied().collect(),
        ..LeftAlone::new(installed())
    }
}

/// Each row failed before where it says so: only the age of what names it counted, or of the Secret where it is
/// marked, or what one replica had seen itself.
#[test]
fn what_was_there_is_left_and_all_that_came_since_is_due() {
    use Standing::{Due, LeftAlone as Left, NotNeeded};
    let host = [(METAL3_ENVIRONMENT, "baremetal")];
    let out = [(EXCLUDE, "true")];
    let (nobody, old, new) = (&[][..], &[(OLD, "pull")][..], &[(NEW, "pull")][..]);
    let (both, other) = (&[(OLD, "pull"), (NEW, "pull")][..], &[(OLD, "other")][..]);
    let (first, known) = (&[][..], &Source::ALL[..]);
    for (sentence, asked, noted, created, labels, named, expected) in [
        (
            "nobody needs it",
            known,
            false,
            NEW,
            &[][..],
            nobody,
            NotNeeded,
        ),
        (
            "nobody needs it any more",
            known,
            true,
            OLD,
            &[],
            other,
            NotNeeded,
        ),
        (
            "first look, an old cluster's",
            first,
            false,
            OLD,
            &[],
            old,
            Left,
        ),
        (
            "first look, an old one that is marked",
            first,
            false,
            OLD,
            &host,
            nobody,
            Left,
        ),
        (
            "first look, made since, an old cluster's (failed)",
            first,
            false,
            NEW,
            &[],
            old,
            Due,
        ),
        (
            "first look, made since and marked",
            first,
            false,
            NEW,
            &host,
            nobody,
            Due,
        ),
        (
            "first look, a new cluster names an old one",
            first,
            false,
            OLD,
            &[],
            new,
            Due,
        ),
        ("noted", known, true, OLD, &[], old, Left),
        (
            "excluded, at the first look",
            first,
            false,
            OLD,
            &out,
            old,
            NotNeeded,
        ),
        (
            "excluded, and made since",
            known,
            false,
            NEW,
            &out,
            old,
            NotNeeded,
        ),
        (
            "excluded, and a new cluster names it",
            known,
            true,
            OLD,
            &out,
            new,
            NotNeeded,
        ),
        (
            "noted by somebody else, and younger",
            known,
            true,
            NEW,
            &[],
            old,
            Due,
        ),
        ("noted, marked", known, true, OLD, &host, nobody, Left),
        (
            "noted, and a new cluster names it",
            known,
            true,
            OLD,
            &[],
            both,
            Due,
        ),
        (
            "made since, an old cluster's (failed)",
            known,
            false,
            NEW,
            &[],
            old,
            Due,
        ),
        (
            "not noted: an old cluster names it since, or it lost its label (failed)",
            known,
            false,
            OLD,
            &[],
            old,
            Due,
        ),
        (
            "not noted: marked since (failed)",
            known,
            false,
            OLD,
            &host,
            nobody,
            Due,
        ),
        (
            "pools and marks are known, clusters are not yet",
            &[Source::Mark][..],
            false,
            OLD,
            &[],
            old,
            Left,
        ),
        (
            "the same, and marked since",
            &[Source::Mark],
            false,
            OLD,
            &host,
            old,
            Due,
        ),
    ] {
        let left = record(asked, if noted { &[1] } else { &[] });
        let found = standing(&left, created, labels, &references(named));
        assert_eq!(found, expected, "{sentence}");
    }
}

#[test]
fn without_a_time_all_there_is_may_be_older_and_once_asked_for_nothing_is() {
    let old = references(&[(NEW, "pull")]);
    assert_eq!(
        standing(&LeftAlone::new(None), NEW, &[], &old),
        Standing::LeftAlone
    );
    let asked_for = LeftAlone::nothing(installed());
    let old = references(&[(OLD, "pull")]);
    assert_eq!(standing(&asked_for, OLD, &[], &old), Standing::Due);
}

#[test]
fn what_cannot_be_noted_goes_by_its_age() {
    let (left, old) = (record(&Source::ALL, &[]), references(&[(OLD, "pull")]));
    for (created, expected) in [(OLD, Standing::LeftAlone), (NEW, Standing::Due)] {
        assert_eq!(standing_of(None, &left, created, &[], &old), expected);
    }
}

/// An API server's clock that was an hour ahead at the installation makes what is made in the next hour look older.
#[test]
fn a_clock_that_is_set_back_after_the_installation_hides_nothing() {
    let left = record(&Source::ALL, &[]);
    let made_since = "2026-11-22T11:30:00Z";
    let references = references(&[(made_since, "pull")]);
    assert_eq!(standing(&left, made_since, &[], &references), Standing::Due);
}

#[test]
fn the_record_follows_what_was_found_and_forgets_nothing_it_cannot_see() {
    let (all, none) = (ReferrerKind::ALL.into(), BTreeSet::new());
    let clusters = BTreeSet::from([ReferrerKind::ClusterDeployment]);
    let new = LeftAlone::new(installed());
    // Kinds are asked one by one, as they come to be known.
    let marks = new.after(BTreeSet::from([1]), &none);
    assert_eq!(marks, record(&[Source::Mark], &[1]));
    let with_clusters = marks.after(BTreeSet::from([1, 2]), &clusters);
    assert_eq!(with_clusters, record(&[Source::Mark, DEPLOYMENT], &[1, 2]));
    // After a restart, before the clusters are listed, none of theirs is found to be needed.
    assert_eq!(
        with_clusters.after(BTreeSet::from([1]), &none),
        with_clusters
    );
    // One is gone, or labelled, or needed by nobody.
    let fewer = with_clusters.after(BTreeSet::from([2]), &all);
    assert_eq!(fewer, record(&Source::ALL, &[2]));
    let mut forgotten = fewer;
    forgotten.forget(None);
    assert_eq!(forgotten.len(), 1);
    forgotten.forget(Some(2));
    assert!(forgotten.is_empty());
}

#[test]
fn a_record_reads_as_it_was_written_and_a_cut_one_as_none() {
    let left = record(&[Source::Mark, DEPLOYMENT], &[7, Uid::MAX, 1 << 64]);
    let (asked, bytes) = (left.asked(), left.bytes());
    assert_eq!(asked, "Mark/1 ClusterDeployment/1");
    assert_eq!(LeftAlone::read(installed(), &asked, "3", &bytes), left);
    let nothing = LeftAlone::new(installed());
    for (asked, count, bytes) in [
        (&*asked, "3", &bytes[..40]),
        (&asked, "3", &bytes[..32]),
        (&asked, "3", &[]),
        (&asked, "", &bytes),
        ("", "0", &[]),
        ("", "", &[]),
    ] {
        let read = LeftAlone::read(installed(), asked, count, bytes);
        assert_eq!(read, nothing, "{asked:?} {count:?} {}", bytes.len());
    }
    let marks = LeftAlone::read(installed(), "Helm/1 Mark/1", "0", &[]);
    assert_eq!(marks, record(&[Source::Mark], &[]));
}

#[test]
fn a_uid_is_read_as_the_api_server_writes_it() {
    assert_eq!(
        uid("00000000-0000-4000-8000-00000000000a"),
        Some(0x4000_8000_0000_0000_000a)
    );
    for text in [
        "",
        "uid-7",
        "00000000-0000-4000-8000-00000000000g",
        "+0000000-0000-4000-8000-00000000000a",
    ] {
        assert_eq!(uid(text), None, "{text}");
    }
}

#[test]
fn every_kind_that_refers_is_a_source_of_its_own_name() {
    for kind in ReferrerKind::ALL {
        assert!(Source::ALL.contains(&Source::Referrer(kind)));
    }
    let names: BTreeSet<_> = Source::ALL.map(Source::name).into();
    assert_eq!(names.len(), Source::ALL.len());
}

/// Another release asked for less, or for more. Failed before: a record said of the kind that it was asked, and all that
/// a further reference of it named on old clusters was due.
#[test]
fn who_was_asked_for_something_else_was_not_asked() {
    let old = references(&[(OLD, "pull")]);
    for asked in [
        "Mark/1 ClusterDeployment/0 ClusterPool/1",
        "Mark/1 ClusterDeployment/2 ClusterPool/1",
        "Mark/1 ClusterDeployment/11 ClusterPool/1",
        "Mark ClusterDeployment ClusterPool",
    ] {
        let left = LeftAlone::read(installed(), asked, "0", &[]);
        let found = standing(&left, OLD, &[], &old);
        assert_eq!(found, Standing::LeftAlone, "{asked}");
        // Looked through once, it is asked from then on.
        let after = left.after(BTreeSet::from([1]), &ReferrerKind::ALL.into());
        assert_eq!(after, record(&Source::ALL, &[1]), "{asked}");
    }
}

/// Whoever makes one of these lists longer raises the revision in its source's name ([`Source::name`]) and here: else
/// every old hub copies what the new line names, unasked.
#[test]
fn a_revision_stands_for_what_is_labelled_by_it() {
    let asks = |source: Source| -> Vec<&'static str> {
        match source {
            Source::Mark => crate::labels::ASKED_FOR.into(),
            Source::Referrer(kind) => {
                let rows = kind.table().iter();
                rows.filter(|Row(_, treatment)| !matches!(treatment, Treatment::LeftOut(_)))
                    .map(|Row(field, _)| *field)
                    .collect()
            }
        }
    };
    for (source, name, expected) in [
        (
            Source::Mark,
            "Mark/1",
            &[
                object_label::BACKUP,
                object_label::CREDENTIAL_TYPE,
                object_label::HIVE_SECRET_TYPE,
                object_label::EXCLUDE,
                object_label::MANAGED_SERVICE_ACCOUNT,
                object_label::AGENT_INSTALL_WATCH,
                object_label::METAL3_ENVIRONMENT,
            ][..],
        ),
        (
            Source::Referrer(ReferrerKind::ClusterDeployment),
            "ClusterDeployment/1",
            &[
                "spec.pullSecretRef",
                "spec.clusterMetadata.adminKubeconfigSecretRef",
                "spec.clusterMetadata.adminPasswordSecretRef",
                "spec.clusterMetadata.metadataJSONSecretRef",
                "spec.certificateBundles[].certificateSecretRef",
                "spec.platform.*.credentialsSecretRef",
                "spec.platform.*.certificatesSecretRef",
                "spec.platform.*.libvirtSSHPrivateKeySecretRef",
                "spec.provisioning.installConfigSecretRef",
                "spec.provisioning.sshPrivateKeySecretRef",
                "spec.provisioning.manifestsSecretRef",
                "spec.provisioning.manifestsConfigMapRef",
                "spec.provisioning.installerEnv[].valueFrom.secretKeyRef",
                "spec.provisioning.installerEnv[].valueFrom.configMapKeyRef",
            ],
        ),
        (
            Source::Referrer(ReferrerKind::ClusterPool),
            "ClusterPool/1",
            &[
                "spec.pullSecretRef",
                "spec.installConfigSecretTemplateRef",
                "spec.platform.*.credentialsSecretRef",
                "spec.platform.*.certificatesSecretRef",
                "spec.platform.*.libvirtSSHPrivateKeySecretRef",
            ],
        ),
    ] {
        assert_eq!(asks(source), expected, "raise the revision of {name}");
        assert_eq!(source.name(), name);
    }
}

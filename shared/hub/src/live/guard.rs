//! Whether the guards stand, on a live hub. Asked for by objects and not by an access review: who only looks
//! sends nothing.

use super::Lister;
use crate::kinds;
use acm_backup_domain::kinds::installed::{Binding, Deployment, Role};
use acm_backup_domain::kinds::secret::SecretMeta;
use acm_backup_domain::names;
use acm_backup_domain::snapshot::{Footing, Missing};

/// The label by which they are lifted on the namespace.
pub(super) async fn label(lister: &Lister) -> Result<Option<String>, Missing> {
    let namespace = lister
        .get::<SecretMeta>(&kinds::NAMESPACES, lister.namespace())
        .await?;
    Ok(namespace.and_then(|namespace| namespace.meta.label(names::GUARD).map(str::to_owned)))
}

/// What they stand on.
pub(super) async fn footing(lister: &Lister) -> Result<Footing, Missing> {
    let ours = lister.elsewhere(names::NAMESPACE);
    let (role, binding, service, account, deployment) = futures::try_join!(
        ours.get::<Role>(&kinds::ROLES, names::ROLE),
        ours.get::<Binding>(&kinds::ROLE_BINDINGS, names::ROLE),
        ours.get::<SecretMeta>(&kinds::SERVICES, names::SERVICE),
        ours.get::<SecretMeta>(&kinds::SERVICE_ACCOUNTS, names::SERVICE),
        ours.get::<Deployment>(&kinds::DEPLOYMENTS, names::SERVICE),
    )?;
    Ok(Footing {
        asked: role.is_some_and(|role| role.grants) && binding.is_some_and(|binding| binding.binds),
        service: service.is_some(),
        account: account.is_some(),
        available: deployment.is_some_and(|deployment| deployment.available),
    })
}

//! What is judged: an object, how it came, and who brought it.

use crate::kinds::backup_schedule::BackupSchedule;
use crate::kinds::meta::Meta;
use crate::kinds::restore::Restore;

/// What is asked of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of a stored one.
    Update,
    /// Never judged.
    Delete,
}

/// The kinds the guard judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// ACM Restore.
    Restore,
    /// ACM BackupSchedule.
    BackupSchedule,
}

/// The object under review.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// ACM Restore.
    Restore(Restore),
    /// ACM BackupSchedule.
    BackupSchedule(BackupSchedule),
}

impl Subject {
    /// Its kind.
    pub fn kind(&self) -> SubjectKind {
        match self {
            Self::Restore(_) => SubjectKind::Restore,
            Self::BackupSchedule(_) => SubjectKind::BackupSchedule,
        }
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Restore(restore) => &restore.meta,
            Self::BackupSchedule(schedule) => &schedule.meta,
        }
    }
}

/// How an object came to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An API server asks before it stores.
    Admission {
        /// Who asked.
        user: String,
        /// Nothing will be stored.
        dry_run: bool,
    },
    /// A manifest, before it is applied.
    File,
    /// It is stored already.
    Stored,
}

/// One object under review.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// What is asked.
    pub operation: Operation,
    /// The object as it would be.
    pub subject: Subject,
    /// The object as it is stored, on an update.
    pub previous: Option<Subject>,
    /// How it came.
    pub origin: Origin,
    /// The operator itself asks; it is never stopped.
    pub by_operator: bool,
}

impl Review {
    /// Whether no rule may stop it (DESIGN §3, ground rules): deletions, objects on their way out,
    /// and the operator's own writes. What starts something is no way out: whoever keeps an object with a
    /// finalizer could else have an operator before 2.14, which looks at no deletion, activate by it.
    pub fn is_exempt(&self) -> bool {
        let starts = self.starting_restore().is_some() || self.starting_schedule().is_some();
        self.by_operator || self.operation == Operation::Delete || self.is_of_departing() && !starts
    }

    /// Whether what is stored is being deleted. What a request says of itself does not count.
    pub fn is_of_departing(&self) -> bool {
        let previous = self.previous.as_ref();
        previous.is_some_and(|stored| stored.meta().deleted.is_some())
    }

    /// The Restore under review.
    pub fn restore(&self) -> Option<&Restore> {
        match &self.subject {
            Subject::Restore(restore) => Some(restore),
            Subject::BackupSchedule(_) => None,
        }
    }

    /// The Restore as it is stored.
    pub fn previous_restore(&self) -> Option<&Restore> {
        match &self.previous {
            Some(Subject::Restore(restore)) => Some(restore),
            _ => None,
        }
    }

    /// Who asked; nobody where a file or a stored object is judged.
    pub fn user(&self) -> Option<&str> {
        match &self.origin {
            Origin::Admission { user, .. } => Some(user),
            Origin::File | Origin::Stored => None,
        }
    }

    /// The Restore that would start to run: a new one, a stored one whose edit starts an activation, or
    /// one whose status is taken out of its end by hand.
    pub fn starting_restore(&self) -> Option<&Restore> {
        match self.operation {
            Operation::Create => self.restore(),
            Operation::Update => self.reawakened_restore().or(self.activating_restore()),
            Operation::Delete => None,
        }
    }

    /// The Restore that would make this hub the active one by this very request, whatever its phase
    /// says. An update that leaves the name of the managed-clusters backup alone activates nothing anew,
    /// unless it takes an activating Restore out of its end.
    pub fn activating_restore(&self) -> Option<&Restore> {
        let restore = self.restore().filter(|restore| restore.activates())?;
        match (self.operation, self.previous_restore()) {
            (Operation::Create, _) => Some(restore),
            (Operation::Update, Some(previous)) => (previous.managed_clusters
                != restore.managed_clusters
                || self.reawakened_restore().is_some())
            .then_some(restore),
            _ => None,
        }
    }

    /// A Restore that this update takes out of a phase the operator never leaves. The operator does not
    /// do that; whoever may write `restores/status` can, and it runs again.
    pub fn reawakened_restore(&self) -> Option<&Restore> {
        let woken = self.operation == Operation::Update
            && self.previous_restore().is_some_and(Restore::is_terminal);
        self.restore()
            .filter(|restore| woken && !restore.is_terminal())
    }

    /// The BackupSchedule under review.
    pub fn backup_schedule(&self) -> Option<&BackupSchedule> {
        match &self.subject {
            Subject::BackupSchedule(schedule) => Some(schedule),
            Subject::Restore(_) => None,
        }
    }

    /// The BackupSchedule as it is stored, before this update.
    pub fn previous_backup_schedule(&self) -> Option<&BackupSchedule> {
        match &self.previous {
            Some(Subject::BackupSchedule(schedule)) => Some(schedule),
            _ => None,
        }
    }

    /// The BackupSchedule that would start to back up: a new one that is not paused, one that is no
    /// longer to be paused, one that the operator could not read and now can, or one that is taken out of
    /// its collision. The operator never does that; whoever may write its status can, and it backs up again.
    pub fn starting_schedule(&self) -> Option<&BackupSchedule> {
        let starts = |schedule: &BackupSchedule| {
            !schedule.paused && schedule.hidden_from_the_operator().is_none()
        };
        let schedule = self.backup_schedule().filter(|schedule| !schedule.paused)?;
        match (self.operation, self.previous_backup_schedule()) {
            (Operation::Create, _) => Some(schedule),
            (Operation::Update, Some(previous)) => {
                let woken = previous.is_in_collision() && !schedule.is_in_collision();
                let starts = !starts(previous) && (previous.paused || starts(schedule));
                (starts || woken).then_some(schedule)
            }
            _ => None,
        }
    }
}

//! The App, its installations, their repositories, and what people may do there.

use serde::Deserialize;

use super::request::Authority;
use super::{GitHub, GitHubError, Scope};
use crate::event::Origin;
use crate::ids::{RepoName, RepositoryId};

/// A repository as requests address it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRef {
    /// Stable id: tokens are narrowed to it.
    pub id: RepositoryId,
    /// Its name when it was last seen; requests go there and follow a rename.
    pub name: RepoName,
    /// The installation through which it is reached.
    pub installation: u64,
}

impl RepositoryRef {
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.name)
    }
}

/// The App as GitHub knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct App {
    /// Its id, the same as in the settings.
    pub id: u64,
    /// Its name in addresses; its comments are by `SLUG[bot]`.
    pub slug: String,
}

/// What a person may do in a repository; ordered, the most last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// No access of their own.
    None,
    /// See code, pull requests and results.
    Read,
    /// Push to branches and merge.
    Write,
    /// Change settings and protection, too.
    Admin,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    suspended_at: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: u64,
    full_name: String,
    #[serde(default)]
    archived: bool,
}

#[derive(Deserialize)]
struct Granted {
    permission: String,
}

impl GitHub {
    /// The App itself: proves that id, key and address belong together.
    pub async fn fetch_app(&self) -> Result<App, GitHubError> {
        self.fetch(Authority::App, "/app".to_owned()).await
    }

    /// Ids of the installations that are not suspended.
    pub async fn fetch_installations(&self) -> Result<Vec<u64>, GitHubError> {
        let all: Vec<Installation> = self
            .fetch_all(Authority::App, "/app/installations", None)
            .await?;
        Ok(all
            .into_iter()
            .filter(|installation| installation.suspended_at.is_none())
            .map(|installation| installation.id)
            .collect())
    }

    /// The repositories of an installation; archived ones, which take no check, are left out.
    pub async fn fetch_repositories(&self, installation: u64) -> Result<Vec<Origin>, GitHubError> {
        let path = "/installation/repositories";
        let authority = Authority::Installation(installation);
        let all: Vec<Listed> = self
            .fetch_all(authority, path, Some("repositories"))
            .await?;
        all.into_iter()
            .filter(|listed| !listed.archived)
            .map(|listed| {
                let name: RepoName =
                    listed
                        .full_name
                        .parse()
                        .map_err(|error| GitHubError::Unreadable {
                            call: format!("GET {path}"),
                            reason: format!("{error}"),
                        })?;
                Ok(Origin {
                    repository: RepositoryId(listed.id),
                    name,
                    installation,
                })
            })
            .collect()
    }

    /// What a person may do. Ask when it matters and do not keep the answer: permissions change.
    pub async fn fetch_permission(
        &self,
        repository: &RepositoryRef,
        login: &str,
    ) -> Result<Permission, GitHubError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_[]".contains(&byte);
        if login.is_empty() || !login.bytes().all(fits) {
            return Ok(Permission::None);
        }
        let login = login.replace('[', "%5B").replace(']', "%5D");
        let path = repository.path(&format!("/collaborators/{login}/permission"));
        let authority = Authority::Repository(repository, Scope::Review);
        match self.fetch::<Granted>(authority, path).await {
            Ok(granted) => Ok(match granted.permission.as_str() {
                "admin" => Permission::Admin,
                "write" => Permission::Write,
                "read" => Permission::Read,
                _ => Permission::None,
            }),
            Err(error) if error.is_gone() => Ok(Permission::None),
            Err(error) => Err(error),
        }
    }
}

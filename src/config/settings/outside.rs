//! Which hosts charts and remote bases may be fetched from, and how much.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

use super::host_path::HostPath;
use super::{SettingsError, secret};

/// What may be fetched from outside. The default allows no host at all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outside {
    /// The hosts that may be asked. Default: none.
    pub hosts: Vec<AllowedHost>,
    /// Folder of what was fetched, shared by every process that names it. Default: none, and
    /// everything is fetched again in each run.
    pub cache: Option<PathBuf>,
    /// Bytes that the folder may hold. Default 1 GiB.
    pub cache_bytes: u64,
    /// True: no host is asked, only the cache. Default false.
    pub offline: bool,
    /// What becomes of a remote base or file that no commit id pins. Default `refuse`.
    pub floating_bases: FloatingBases,
    /// How long one answer may take, in whole seconds. Default 60, at least 1.
    #[serde(rename = "timeout_seconds", deserialize_with = "parse_timeout")]
    pub timeout: Duration,
    /// How much may be asked for, and how much one answer may bring.
    pub limits: FetchLimits,
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            cache: None,
            cache_bytes: 1024 * 1024 * 1024,
            offline: false,
            floating_bases: FloatingBases::default(),
            timeout: Duration::from_mins(1),
            limits: FetchLimits::default(),
        }
    }
}

/// What becomes of a remote base or file that no commit id pins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloatingBases {
    /// It is not fetched.
    #[default]
    Refuse,
    /// It is fetched, and marked as floating.
    Fetch,
}

/// How much may be asked for, and how many bytes one answer may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchLimits {
    /// Charts, bases and files that one judgement may ask for, both sides together. Whoever opens a pull
    /// request decides how many it names. Default 1,000.
    pub needs: usize,
    /// Of an index of charts. Default 50 MiB.
    pub index_bytes: u64,
    /// Of a packed chart. Default 20 MiB.
    pub archive_bytes: u64,
    /// Of a single file. Default 5 MiB, which is also the most that is read of one.
    pub file_bytes: u64,
    /// Of a packed state of a Git repository. Default 128 MiB.
    pub repository_bytes: u64,
    /// Of all files of a chart or a repository together. Default 64 MiB.
    pub unpacked_bytes: u64,
}

impl Default for FetchLimits {
    fn default() -> Self {
        const MEBIBYTE: u64 = 1024 * 1024;
        Self {
            needs: 1_000,
            index_bytes: 50 * MEBIBYTE,
            archive_bytes: 20 * MEBIBYTE,
            file_bytes: 5 * MEBIBYTE,
            repository_bytes: 128 * MEBIBYTE,
            unpacked_bytes: 64 * MEBIBYTE,
        }
    }
}

/// A host that may be asked, on one port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Text")]
pub struct AllowedHost {
    /// Its name or address, in lower case.
    pub host: Host<String>,
    /// Its port. Default 443, with `http` 80.
    pub port: u16,
    /// True: it is asked without encryption. Default false.
    pub http: bool,
    /// True: its name may lead to addresses that are not public, such as 10.0.0.1. Link-local
    /// addresses, where clouds keep their metadata, are refused all the same. Default false; true
    /// where the host itself is written as an address.
    pub private: bool,
    /// What may be asked of it: prefixes of whole segments of an address's path, such as
    /// `/team/charts`; repositories of registries and of Git stand as their addresses name them. `/`
    /// is all of it. Default: all of it; with `credentials` there is no default, because whoever may
    /// change a repository that Drydock reads may name any address.
    pub paths: Vec<HostPath>,
    /// Who asks. Default: nobody in particular.
    pub credentials: Option<Credentials>,
    /// File with certificates (PEM) of authorities that this host alone may be certified by,
    /// besides those that the machine trusts. Default: none.
    pub ca_file: Option<PathBuf>,
}

/// A name and a password for one host; never sent to another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// File with the password or token on its only line.
    pub password_file: PathBuf,
}

impl Credentials {
    /// The password.
    pub fn read_password(&self) -> Result<SecretString, SettingsError> {
        secret::read_line(&self.password_file)
    }
}

impl AllowedHost {
    /// True when its settings let this address's path be asked. What some server could read as another
    /// path is not.
    pub fn allows_path(&self, url: &Url) -> bool {
        if self.paths.is_empty() {
            return self.credentials.is_none();
        }
        self.paths.iter().any(|path| path.holds(url.path()))
    }
}

impl Outside {
    /// The entry for where an address leads; `None`: it may not be asked.
    pub fn find(&self, url: &Url) -> Option<&AllowedHost> {
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        self.hosts
            .iter()
            .find(|allowed| allowed.port == port && allowed.host == host)
    }

    pub(super) fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let of_hosts = self.hosts.iter_mut().flat_map(|host| {
            let password = host
                .credentials
                .as_mut()
                .map(|login| &mut login.password_file);
            [password, host.ca_file.as_mut()].into_iter().flatten()
        });
        self.cache.iter_mut().chain(of_hosts)
    }
}

/// `HOST[:PORT]`, then any of `,http` and `,private`: the form of the command line.
impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split(',');
        let place = words.next().unwrap_or_default();
        let mut entry = Text::default();
        for word in words {
            match word {
                "http" => entry.http = true,
                "private" => entry.private = Some(true),
                _ => return Err(format!("`{word}` is neither `http` nor `private`")),
            }
        }
        let after_brackets = place.rsplit_once(']').map_or(place, |(_, rest)| rest);
        match after_brackets.rsplit_once(':') {
            Some((_, port)) => {
                let length = place.len() - port.len() - 1;
                place
                    .get(..length)
                    .unwrap_or_default()
                    .clone_into(&mut entry.host);
                let wrong = |_| format!("`{port}` is not a port");
                entry.port = Some(port.parse().map_err(wrong)?);
            }
            None => place.clone_into(&mut entry.host),
        }
        entry.try_into()
    }
}

/// The keys as the file has them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    http: bool,
    private: Option<bool>,
    #[serde(default)]
    paths: Vec<HostPath>,
    credentials: Option<Credentials>,
    ca_file: Option<PathBuf>,
}

impl TryFrom<Text> for AllowedHost {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        let wrong = || {
            let host = text.host.rsplit('@').next().unwrap_or_default();
            format!("`{host}` is not a host: write a name or an address without scheme and path")
        };
        let is_plain = !text.host.is_empty() && !text.host.contains(['/', '@', '?', '#', '*', ' ']);
        // Read as part of an address, so that it compares with what addresses are read as.
        let url = Url::parse(&format!("https://{}/", text.host)).map_err(|_| wrong())?;
        let host = url.host().map(|host| host.to_owned());
        let host = host
            .filter(|_| is_plain && url.port().is_none())
            .ok_or_else(wrong)?;
        let private = text.private.unwrap_or(!matches!(host, Host::Domain(_)));
        if text.http && text.credentials.is_some() && !private {
            return Err(
                "`credentials` are not sent by `http`, except to a `private` host".to_owned(),
            );
        }
        if text.credentials.is_some() && text.paths.is_empty() {
            return Err(
                "`credentials` need `paths`, what they may be used for: write folders of charts or \
                 repositories, such as `paths: [/team/charts]`, or `paths: [/]` for all of the host"
                    .to_owned(),
            );
        }
        Ok(Self {
            paths: text.paths,
            private,
            port: text.port.unwrap_or(if text.http { 80 } else { 443 }),
            http: text.http,
            credentials: text.credentials,
            ca_file: text.ca_file,
            host,
        })
    }
}

fn parse_timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(serde::de::Error::custom(
            "`timeout_seconds` must be at least 1",
        )),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Result<AllowedHost, String> {
        text.parse()
    }

    #[test]
    fn a_host_is_allowed_on_one_port_and_by_one_scheme() {
        let one = host("Charts.Example.com").unwrap();
        assert_eq!(
            (
                one.host.to_string().as_str(),
                one.port,
                one.http,
                one.private
            ),
            ("charts.example.com", 443, false, false)
        );
        let local = host("127.0.0.1:5000,http").unwrap();
        assert_eq!((local.port, local.http, local.private), (5000, true, true));
        assert_eq!(host("[::1]:5000").unwrap().port, 5000);
        assert_eq!(host("charts.local,http,private").unwrap().port, 80);
        for wrong in [
            "",
            "https://a.example",
            "a.example/x",
            "*.example",
            "a@b.example",
            "a:b",
            "a,b",
            "a:1:2",
        ] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
        let outside = Outside {
            hosts: vec![one, local],
            ..Outside::default()
        };
        let finds = |url: &str| outside.find(&Url::parse(url).unwrap()).is_some();
        assert!(finds("https://charts.example.com/index.yaml") && finds("http://127.0.0.1:5000/"));
        assert!(finds("http://0x7f.1:5000/"));
        assert!(!finds("https://charts.example.com:8443/") && !finds("http://charts.example.com/"));
        assert!(
            !finds("https://evil.charts.example.com/")
                && !finds("https://charts.example.com.evil/")
        );
    }
}

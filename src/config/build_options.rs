//! `kustomize.buildOptions`: the options that an Argo CD adds to every `kustomize build`.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// What the options mean for what is rendered. The default is a build without any.
///
/// Options that only matter to containers, to the order of objects or to messages are read and change
/// nothing: containers never run here, and objects are compared one by one. Which Helm inflates charts
/// is what the configuration says of the cluster, whatever `--helm-command` names. An option that
/// Kustomize does not have is an error, as it would be to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct BuildOptions {
    /// `--load-restrictor LoadRestrictionsNone`: bases and files may lie outside a root, anywhere in
    /// the checkout.
    pub open_load_restrictor: bool,
    /// `--enable-helm`, or `--enable-alpha-plugins`, which brings it: charts are inflated.
    pub charts: bool,
    /// `--enable-alpha-plugins`: generators and transformers that are no part of Kustomize.
    pub plugins: bool,
    /// `--enable-exec`: such of them as are programs.
    pub exec: bool,
    /// `--enable-managedby-label`: every object gets the label `app.kubernetes.io/managed-by`.
    pub managed_by_label: bool,
    /// `--helm-api-versions`, in order: further API versions for charts.
    pub api_versions: Vec<String>,
}

/// Why the options cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildOptionsError {
    /// Not an option of `kustomize build`.
    #[error("`{0}` is no option of `kustomize build`")]
    Unknown(String),
    /// Something that is no option at all; Kustomize would take it for a second folder.
    #[error("`{0}` is no option, and `kustomize build` takes one folder only")]
    Argument(String),
    /// An option without its value.
    #[error("`{0}` has no value")]
    NoValue(String),
    /// A value that the option does not take.
    #[error("`{option}` cannot be `{value}`")]
    Value {
        /// The option.
        option: String,
        /// The value.
        value: String,
    },
    /// An option whose effect is not known here.
    #[error("`{0}` would change what Argo CD renders in a way that Drydock cannot follow")]
    NotFollowed(String),
}

impl FromStr for BuildOptions {
    type Err = BuildOptionsError;

    /// Reads words that are separated by white space, as Argo CD does: quotes mean nothing.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut options = Self::default();
        let mut is_enabled = false;
        let mut has_version = false;
        for (option, value) in split(text)? {
            let wrong = || BuildOptionsError::Value {
                option: option.to_owned(),
                value: value.to_owned(),
            };
            let flag = || read_flag(value).ok_or_else(wrong);
            match option {
                "--enable-helm" => is_enabled = flag()?,
                "--enable-alpha-plugins" => options.plugins = flag()?,
                "--enable-exec" => options.exec = flag()?,
                "--enable-managedby-label" => options.managed_by_label = flag()?,
                "--helm-api-versions" => options.api_versions.push(value.to_owned()),
                "--helm-kube-version" => has_version = true,
                "--load-restrictor" => {
                    options.open_load_restrictor = match value {
                        "LoadRestrictionsNone" => true,
                        "LoadRestrictionsRootOnly" | "" => false,
                        _ => return Err(wrong()),
                    };
                }
                "--reorder" if !["legacy", "none"].contains(&value) => return Err(wrong()),
                "--helm-command" => {
                    let name = value.rsplit('/').next().unwrap_or_default();
                    if !["helm", "helm3", "helm4"].contains(&name) {
                        return Err(wrong());
                    }
                }
                "--output" | "-o" => {
                    return Err(BuildOptionsError::NotFollowed(option.to_owned()));
                }
                other if FLAGS.contains(&other) => {
                    flag()?;
                }
                _ => {}
            }
        }
        // Argo CD's own version stands behind this one, where it knows that charts are inflated.
        if has_version && !is_enabled {
            let what = "--helm-kube-version` without `--enable-helm";
            return Err(BuildOptionsError::NotFollowed(what.to_owned()));
        }
        options.charts = is_enabled || options.plugins;
        Ok(options)
    }
}

/// Options that are on or off.
const FLAGS: [&str; 8] = [
    "--enable-helm",
    "--enable-alpha-plugins",
    "--enable-exec",
    "--enable-managedby-label",
    "--as-current-user",
    "--network",
    "--helm-debug",
    "--stack-trace",
];

/// Options with a value.
const VALUES: [&str; 11] = [
    "--load-restrictor",
    "--reorder",
    "--helm-api-versions",
    "--helm-kube-version",
    "--helm-command",
    "--network-name",
    "--mount",
    "--env",
    "-e",
    "--output",
    "-o",
];

/// The options with their values, in order.
fn split(text: &str) -> Result<Vec<(&str, &str)>, BuildOptionsError> {
    let mut words = text.split_whitespace();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let (option, given) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, None),
        };
        let value = match () {
            () if FLAGS.contains(&option) => given.unwrap_or("true"),
            () if VALUES.contains(&option) => given
                .or_else(|| words.next())
                .ok_or_else(|| BuildOptionsError::NoValue(option.to_owned()))?,
            () if word.starts_with('-') => {
                return Err(BuildOptionsError::Unknown(option.to_owned()));
            }
            () => return Err(BuildOptionsError::Argument(word.to_owned())),
        };
        found.push((option, value));
    }
    Ok(found)
}

/// What Go reads as true or false.
fn read_flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for BuildOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> BuildOptions {
        text.parse().unwrap()
    }

    #[test]
    fn what_installations_set_is_read_in_either_spelling() {
        assert_eq!(read(" "), BuildOptions::default());
        let all = "--load-restrictor LoadRestrictionsNone --enable-helm --enable-alpha-plugins --enable-exec\n--helm-api-versions a/v1 --helm-api-versions=b/v1/C --enable-managedby-label --helm-kube-version 1.30";
        let options = read(all);
        assert!(options.open_load_restrictor && options.charts && options.plugins);
        assert!(options.exec && options.managed_by_label);
        assert_eq!(options.api_versions, ["a/v1", "b/v1/C"]);
        assert!(read("--load-restrictor=LoadRestrictionsNone").open_load_restrictor);
        assert!(!read("--load-restrictor=LoadRestrictionsRootOnly").open_load_restrictor);
        assert!(!read("--enable-helm=true --enable-helm=0").charts);
        // Kustomize switches both on together.
        assert!(read("--enable-alpha-plugins").charts);
        assert!(!read("--enable-exec").charts);
        let without_effect = "--reorder none --network --network-name=x --mount a -e A=b --env=C=d --as-current-user --stack-trace --helm-command /usr/bin/helm3 --helm-debug";
        assert_eq!(read(without_effect), BuildOptions::default());
    }

    #[test]
    fn what_kustomize_would_refuse_is_an_error_that_names_the_option() {
        for (text, message) in [
            (
                "--enable-helms",
                "`--enable-helms` is no option of `kustomize build`",
            ),
            ("-v 6", "`-v` is no option of `kustomize build`"),
            (
                "--enable-helm base",
                "`base` is no option, and `kustomize build` takes one folder only",
            ),
            ("--load-restrictor", "`--load-restrictor` has no value"),
            (
                "--load-restrictor none",
                "`--load-restrictor` cannot be `none`",
            ),
            ("--enable-helm=yes", "`--enable-helm` cannot be `yes`"),
            ("--reorder=x", "`--reorder` cannot be `x`"),
            (
                "--helm-command ./wrapper.sh",
                "`--helm-command` cannot be `./wrapper.sh`",
            ),
            (
                "-o out",
                "`-o` would change what Argo CD renders in a way that Drydock cannot follow",
            ),
            (
                "--helm-kube-version=1.30",
                "`--helm-kube-version` without `--enable-helm` would change what Argo CD renders in a way that Drydock cannot follow",
            ),
        ] {
            let error = text.parse::<BuildOptions>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }
}

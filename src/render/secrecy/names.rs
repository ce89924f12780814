//! Names of fields whose values are secret as far as anybody can tell.

/// Anywhere in a name.
const PARTS: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "privatekey",
    "accesskey",
    "encryptionkey",
    "connectionstring",
];

/// The last word of a name.
const LAST: [&str; 17] = [
    "auth",
    "bearer",
    "cert",
    "certificate",
    "certs",
    "dsn",
    "hmac",
    "jwt",
    "key",
    "keys",
    "otp",
    "pass",
    "private",
    "psk",
    "pw",
    "pwd",
    "salt",
];

/// Last words of what says something about a secret, and holds none.
const ABOUT: [&str; 24] = [
    "class",
    "create",
    "description",
    "duration",
    "enabled",
    "file",
    "format",
    "image",
    "kind",
    "length",
    "name",
    "names",
    "namespace",
    "path",
    "paths",
    "pattern",
    "provider",
    "ref",
    "refs",
    "repository",
    "store",
    "tag",
    "ttl",
    "type",
];

/// Names of whole components and of references.
const OTHERS: [&str; 9] = [
    "externalsecret",
    "externalsecrets",
    "imagepullsecret",
    "imagepullsecrets",
    "pullsecret",
    "pullsecrets",
    "sealedsecret",
    "sealedsecrets",
    "secretgenerator",
];

/// True for the name of a field, parameter or variable that holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let words = split(name);
    let Some(last) = words.last() else {
        return false;
    };
    let joined = words.concat();
    !is_about(name)
        && !OTHERS.contains(&joined.as_str())
        && (LAST.contains(&last.as_str()) || PARTS.iter().any(|part| joined.contains(part)))
}

/// True for a name of something that is no secret even below one that is: `auth.secretName`.
pub(super) fn is_about(name: &str) -> bool {
    let words = split(name);
    words.first().is_some_and(|first| first == "existing")
        || words
            .last()
            .is_some_and(|last| ABOUT.contains(&last.as_str()))
}

/// True for a bare `key`, which names an entry as often as it holds one.
pub(super) fn is_vague(name: &str) -> bool {
    name.eq_ignore_ascii_case("key") || name.eq_ignore_ascii_case("keys")
}

/// The words of `camelCase`, `snake_case`, `kebab-case` and dotted names, in lower case.
fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before_is_low = false;
    let mut is_new = true;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            is_new = true;
            continue;
        }
        if is_new || before_is_low && letter.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
        before_is_low = letter.is_lowercase() || letter.is_numeric();
        is_new = false;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_them() {
        for name in [
            "password",
            "rootPassword",
            "DB_PASSWD",
            "clientSecret",
            "api-key",
            "apiKey",
            "tls.key",
            "auth",
            "signingKey",
            "server.cert",
            "access_token",
            "PGPASSWORD",
            "credentials",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "secretName",
            "existingSecret",
            "imagePullSecrets",
            "secretKeyRef",
            "replicas",
            "",
            "certManager",
            "passwordFile",
            "externalSecrets",
            "keyboard",
            "tokenPath",
            "monkey",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}

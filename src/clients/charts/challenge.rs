//! What a registry answers to who has not said who they are.

/// How a registry wants to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With name and password.
    Basic,
    /// With a token that another address gives.
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// Reads the values of `WWW-Authenticate`; a token is preferred. `None`: nothing that is known.
pub(super) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut found = None;
    for value in values {
        let (scheme, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            let parameters = parse_parameters(rest);
            let find = |name: &str| {
                parameters
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.clone())
            };
            if let Some(realm) = find("realm") {
                return Some(Challenge::Bearer {
                    realm,
                    service: find("service"),
                    scope: find("scope"),
                });
            }
        } else if scheme.eq_ignore_ascii_case("basic") {
            found = Some(Challenge::Basic);
        }
    }
    found
}

/// `key="value", key=value`; a backslash in quotes takes the next character as it is.
fn parse_parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters
            .next_if(|c| c.is_whitespace() || *c == ',')
            .is_some()
        {}
        let mut key = String::new();
        while let Some(c) = characters.next_if(|c| *c != '=' && *c != ',') {
            key.push(c);
        }
        if key.is_empty() {
            return parameters;
        }
        let mut value = String::new();
        if characters.next_if_eq(&'=').is_some() {
            if characters.next_if_eq(&'"').is_some() {
                while let Some(c) = characters.next() {
                    match c {
                        '"' => break,
                        '\\' => value.extend(characters.next()),
                        c => value.push(c),
                    }
                }
            } else {
                while let Some(c) = characters.next_if(|c| *c != ',') {
                    value.push(c);
                }
            }
        }
        parameters.push((key.trim().to_owned(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_where_a_token_is_given() {
        let value = r#"Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push""#;
        assert_eq!(
            parse(["Basic realm=x", value].into_iter()),
            Some(Challenge::Bearer {
                realm: "https://auth.example.com/token".to_owned(),
                service: Some("registry".to_owned()),
                scope: Some("repository:a/b:pull,push".to_owned()),
            })
        );
        assert_eq!(parse(["basic"].into_iter()), Some(Challenge::Basic));
        assert_eq!(parse(["Negotiate", "Bearer x=y"].into_iter()), None);
    }
}

//! Addresses as they may be shown.

use std::fmt;

use url::Url;

/// An address without what may be secret: user, password, query and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutAddress(String);

impl fmt::Display for CutAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address as it may stand in a message. A text that is no address loses everything before an
/// `@` and behind a `?`.
pub fn shown(address: &str) -> CutAddress {
    if let Ok(mut url) = Url::parse(address)
        && url.has_host()
    {
        // Both fail only for addresses that cannot carry credentials.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        return CutAddress(url.to_string());
    }
    let text = address.split(['?', '#']).next().unwrap_or_default();
    let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    CutAddress(text.chars().filter(|c| !c.is_control()).take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_shown_address_carries_no_credentials() {
        for (address, expected) in [
            (
                "https://user:secret@example.com/a?token=secret#secret",
                "https://example.com/a",
            ),
            ("user:secret@host:path?x=secret", "host:path"),
            ("oci://example.com/charts", "oci://example.com/charts"),
        ] {
            assert_eq!(shown(address).to_string(), expected);
        }
    }
}

//! The OCI distribution protocol, version 1.1: pushing in one or several pieces, manifests by tag and
//! digest, blobs, tags in pages.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::Asked;

#[derive(Debug, Default)]
pub(crate) struct Registry {
    blobs: BTreeMap<String, Vec<u8>>,
    /// By repository and tag or digest: media type and content.
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    uploads: BTreeMap<String, Vec<u8>>,
    /// Tags of one page, whatever is asked for. 0: all.
    pub(crate) page: usize,
    /// Where blobs are sent from instead.
    pub(crate) blobs_elsewhere: Option<String>,
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

impl Registry {
    /// What stands under a tag or digest.
    pub(crate) fn manifest(&self, name: &str, reference: &str) -> Vec<u8> {
        self.manifests[&(name.to_owned(), reference.to_owned())]
            .1
            .clone()
    }

    /// Replaces what stands under a tag, without asking whether it fits.
    pub(crate) fn set_manifest(&mut self, name: &str, reference: &str, content: &[u8]) {
        let media = "application/vnd.oci.image.manifest.v1+json".to_owned();
        let key = (name.to_owned(), reference.to_owned());
        self.manifests.insert(key, (media, content.to_vec()));
    }

    /// Changes a blob in place: its name no longer fits.
    pub(crate) fn spoil_blob(&mut self, digest: &str) {
        self.blobs.get_mut(digest).unwrap()[20] ^= 1;
    }

    pub(crate) fn blob(&self, digest: &str) -> Vec<u8> {
        self.blobs[digest].clone()
    }

    pub(super) fn answer(&mut self, asked: &Asked) -> Response {
        let rest = asked.path.trim_start_matches("/v2/").to_owned();
        if rest.is_empty() {
            return StatusCode::OK.into_response();
        }
        if let Some((name, _)) = rest.split_once("/tags/list") {
            return self.list(asked, name);
        }
        if let Some((name, reference)) = rest.split_once("/manifests/") {
            return self.manifests(asked, name, reference);
        }
        if let Some((name, upload)) = rest.split_once("/blobs/uploads/") {
            return self.upload(asked, name, upload);
        }
        if let Some((_, digest)) = rest.split_once("/blobs/") {
            if let Some(elsewhere) = &self.blobs_elsewhere {
                let to = format!("{elsewhere}/{digest}");
                return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response();
            }
            return match self.blobs.get(digest) {
                Some(content) => content.clone().into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            };
        }
        StatusCode::NOT_FOUND.into_response()
    }

    fn list(&self, asked: &Asked, name: &str) -> Response {
        let last = asked.query.get("last").cloned().unwrap_or_default();
        let mut tags: Vec<&str> = self
            .manifests
            .keys()
            .filter(|(of, tag)| of == name && !tag.starts_with("sha256:") && **tag > *last)
            .map(|(_, tag)| tag.as_str())
            .collect();
        if tags.is_empty() && last.is_empty() {
            return StatusCode::NOT_FOUND.into_response();
        }
        let more = self.page > 0 && tags.len() > self.page;
        if more {
            tags.truncate(self.page);
        }
        let body = axum::Json(serde_json::json!({ "name": name, "tags": tags }));
        if more {
            let last = tags.last().unwrap();
            let link = format!(
                "</v2/{name}/tags/list?n={}&last={last}>; rel=\"next\"",
                self.page
            );
            return ([(header::LINK, link)], body).into_response();
        }
        body.into_response()
    }

    fn manifests(&mut self, asked: &Asked, name: &str, reference: &str) -> Response {
        if asked.method == Method::PUT {
            let media = asked.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .to_owned();
            let content = asked.body.to_vec();
            let found = digest(&content);
            for reference in [reference.to_owned(), found.clone()] {
                let key = (name.to_owned(), reference);
                self.manifests.insert(key, (media.clone(), content.clone()));
            }
            let headers = [
                (header::LOCATION, format!("/v2/{name}/manifests/{found}")),
                (
                    header::HeaderName::from_static("docker-content-digest"),
                    found,
                ),
            ];
            return (StatusCode::CREATED, headers).into_response();
        }
        match self.manifests.get(&(name.to_owned(), reference.to_owned())) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some((media, content)) => {
                let headers = [
                    (header::CONTENT_TYPE, media.clone()),
                    (
                        header::HeaderName::from_static("docker-content-digest"),
                        digest(content),
                    ),
                ];
                (headers, content.clone()).into_response()
            }
        }
    }

    fn upload(&mut self, asked: &Asked, name: &str, upload: &str) -> Response {
        let upload = match asked.method {
            Method::POST => format!("{}", self.uploads.len() + 1),
            _ => upload.to_owned(),
        };
        let content = self.uploads.entry(upload.clone()).or_default();
        content.extend_from_slice(&asked.body);
        let location = format!("/v2/{name}/blobs/uploads/{upload}");
        match asked.query.get("digest") {
            Some(expected) if asked.method != Method::PATCH => {
                if digest(content) != *expected {
                    return StatusCode::BAD_REQUEST.into_response();
                }
                self.blobs.insert(expected.clone(), content.clone());
                let location = format!("/v2/{name}/blobs/{expected}");
                (StatusCode::CREATED, [(header::LOCATION, location)]).into_response()
            }
            _ => {
                let end = content.len().saturating_sub(1);
                let headers = [
                    (header::LOCATION, location),
                    (header::RANGE, format!("0-{end}")),
                ];
                (StatusCode::ACCEPTED, headers).into_response()
            }
        }
    }
}

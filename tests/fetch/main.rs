//! What rendering needs from outside: fetched from real protocols on 127.0.0.1, which the real Helm
//! and the real Git speak with the same servers.

mod bases;
#[path = "../support/binary.rs"]
#[expect(unreachable_pub, reason = "binaries whose tests are `pub` share it")]
mod binary;
mod dependencies;
mod flux;
#[path = "../git/server.rs"]
mod git_server;
mod helm;
mod hostile;
mod inflate;
mod keeping;
mod limited;
mod registries;
mod rendering;
#[path = "../support/repo.rs"]
#[expect(unreachable_pub, dead_code, reason = "other binaries use more of it")]
mod repo;
mod repositories;
#[path = "../support/station/mod.rs"]
mod station;
mod trust;

use std::collections::BTreeSet;
use std::sync::Arc;

use drydock::clients::supply::Supplier;
use drydock::config::settings::{AllowedHost, HostPath, Outside};
use drydock::outside::archive::pack;
use drydock::outside::{ChartNeed, Files, Need, Short, Supplied, Supply};
use station::Station;

/// A chart that prints its version.
pub(crate) fn chart_files(name: &str, version: &str) -> Files {
    let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let template = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ .Chart.Name }}}\ndata: {version: {{ .Chart.Version | quote }}}\n";
    [
        ("Chart.yaml", chart.as_str()),
        ("templates/a.yaml", template),
    ]
    .into_iter()
    .map(|(path, text)| (path.parse().unwrap(), Arc::from(text.as_bytes())))
    .collect()
}

pub(crate) fn chart(name: &str, version: &str) -> Vec<u8> {
    pack(&chart_files(name, version), name).unwrap()
}

/// Settings that allow these stations, by http.
pub(crate) fn allowing(stations: &[&Station]) -> Outside {
    let hosts = stations
        .iter()
        .map(|station| host(&format!("{},http", station.address)));
    Outside {
        hosts: hosts.collect(),
        ..Outside::default()
    }
}

pub(crate) fn host(text: &str) -> AllowedHost {
    text.parse().unwrap()
}

pub(crate) fn paths(texts: &[&str]) -> Vec<HostPath> {
    let path = |text: &&str| HostPath::try_from((*text).to_owned()).unwrap();
    texts.iter().map(path).collect()
}

pub(crate) fn wanted(repository: &str, name: &str, version: &str) -> Need {
    Need::Chart(ChartNeed {
        repository: repository.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        digest: None,
    })
}

/// Fetches one thing in a run of its own.
pub(crate) fn fetch(outside: &Outside, need: &Need) -> Result<Supplied, Short> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let supplier = Supplier::new(outside.clone()).unwrap();
        fetch_with(&supplier, need).await
    })
}

/// Fetches these things in one run.
pub(crate) fn fetch_together(outside: &Outside, needs: &BTreeSet<Need>) -> Supply {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let supplier = Supplier::new(outside.clone()).unwrap();
        supplier.fetch_all(needs).await
    })
}

pub(crate) async fn fetch_with(supplier: &Supplier, need: &Need) -> Result<Supplied, Short> {
    let supply = supplier.fetch_all(&BTreeSet::from([need.clone()])).await;
    let answer = supply.find(need).unwrap().clone();
    answer.map_err(|shortage| shortage.short)
}

pub(crate) fn text(supplied: &Supplied, path: &str) -> String {
    String::from_utf8(supplied.files[path].to_vec()).unwrap()
}

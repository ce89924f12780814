//! # Drydock: the architecture
//!
//! Drydock inspects a GitOps pull request in dry dock before it ships: it renders what a change
//! touches, judges it by schemas and policies, previews its effect on the live cluster, reports, and
//! after the merge brings it there or watches who does. This page is the map.
//!
//! ## The way of the data
//! ```text
//! delivery · poll · command line · timer
//!   → event::Event          what can start work: a closed enum
//!   → plan::Plan            applications on either side, paired, and why; what was left out, and why
//!   → render::RenderedApp   application × side → manifests or problems
//!   → gate                  schema and policy findings, made in one confined worker
//!   → observe::Observation  cluster facts, live objects, dry runs: pure questions, answers fetched by run
//!   → preview::AppPreview   base · head · live → changes with origin and basis
//!   → verdict::Verdict      a pass exists only with one result per touched application and gate
//!   → report::model::Report all wording: check run, comment, text, JSON, Markdown, GitHub commands
//!   → effects               outbox rows → GitHub
//! merge → intent::Intent → sync → outcome → deployment status and comment
//! ```
//! Objects of Argo CD and Flux declare applications of their own: planning and rendering take turns
//! ([`plan::Planner`], `run::pipeline::declare`) until a round brings nothing new; then the plan is
//! frozen. [`run::pipeline`] is the one place that knows this order. Stages are functions from values to
//! values; input and output happen at both ends only.
//!
//! ## Who may import whom
//! The folders stand in the order the data moves. A stage imports leaves and earlier stages;
//! `clients` know no stage; `observe`, `gate`, `intent`, `preview`, `verdict` and `report` are pure:
//! no task, clock, environment or file. `tests/architecture.rs` holds the table and fails on any
//! other import. There are two traits with several implementations, `render::Renderer` and
//! `sync::SyncEngine`; everything else is concrete, and tests stand behind real protocols.
//!
//! ## What always holds
//! * **Fail closed.** No error path yields a passing check. No result, no pass: [`verdict`] is the
//!   only module that can make one.
//! * **Base judges head.** Configuration, policies and waivers come from the base commit and from
//!   the operator.
//! * **Untrusted content runs nothing.** [`sandbox`] is the only module that starts a process; a
//!   renderer sees the files of its application's closure and nothing else, cannot open a socket or
//!   start a process, and has limits on time, memory and output.
//! * **Planning never writes.** The preview client has no method that could.
//! * **Secrets are masked where bytes become objects**, in [`object`], and open in two places only.
//! * **Level-triggered.** An event means "look again"; the newest head wins; a sweep finds what was
//!   missed.
//! * **Deterministic.** Equal input gives equal bytes: total orders everywhere, time is an argument.
//!
//! ## Where do I start for …
//! * an application that is not found, or found wrongly: [`plan`]; what Argo CD or Flux declare:
//!   `plan::discover::{argocd, flux}`
//! * a tool's option, or a limit of it: [`render`], [`sandbox`]
//! * a schema rule or its wording: [`gate::schema`]
//! * a policy: `policies/`; the engine and its dialects: [`gate::policy`]
//! * a word that people read: [`report`]
//! * a GitHub event: [`server`], then [`run::review`]
//! * a request to a cluster: [`clients::cluster`]; what is asked and why: [`observe`]
//! * something that rendering needs from another host: [`outside`]
//! * an engine that deploys: [`sync`]
//! * a setting: [`config::settings`]; a key of `.drydock.yaml`: [`config::repo`]
//!
//! ## Deliberately absent
//! No plug-ins, no traits around GitHub, cluster or store, no cache of verdicts across
//! configurations, no rendering in the bot's own process, no cluster writes while planning.

// Leaves: what is named and said.
pub mod cluster_facts;
pub mod event;
pub mod finding;
pub mod ids;
pub mod object;
pub mod outside;
pub mod tree;
pub mod yaml;

// What is configured, and the outside world.
pub mod clients;
pub mod config;
pub mod sandbox;

// The stages, in the order the data moves.
pub mod plan;

pub mod render;

pub mod observe;

pub mod gate;

pub mod intent;

pub mod preview;

pub mod verdict;

pub mod sync;

pub mod report;

// The edges.
pub mod cli;
pub mod run;
pub mod server;

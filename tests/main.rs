//! All integration tests, in one binary.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "tests read fixtures and report")]

mod ci;
mod cli;
mod cmp;
mod conformance;
mod cron;
mod cron_cli;
mod diff;
mod digests;
mod edge;
mod env_order;
mod fixtures;
mod flux;
mod formats;
mod git;
mod grown;
mod hides;
mod history;
mod import;
mod kill;
mod kustomize;
mod layers;
mod making;
mod merging;
mod pages;
mod placed;
mod placing_edges;
mod placing_laws;
mod properties;
mod readme;
mod schemas;
mod second_reader;
mod story;
mod support;
mod truth;
mod words;

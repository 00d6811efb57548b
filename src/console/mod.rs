//! The console: pages for people, made on the server from what the service answers, beside the API.
//!
//! A page asks the service as any caller does: what one may is decided there and nowhere else. Everything works with
//! links and forms alone; the script adds keys, completion and what changes
//! meanwhile. Knows nothing of storage.
//!
#![doc = include_str!("README.md")]

mod account;
mod api_keys;
mod artifact;
mod assets;
mod audit;
mod carried;
mod catalog;
mod cookie;
mod entry;
mod error_page;
mod faults;
mod find;
mod form;
mod home;
mod invitation;
mod invitations;
mod layout;
mod leaving;
mod links;
mod mail_links;
mod markdown;
mod members;
mod once;
mod operate;
mod outcome;
mod registration;
mod role_choice;
mod routes;
mod settings;
mod setup;
mod sign_in;
mod sign_in_page;
mod submission;
mod traces;
mod trash;
mod visitor;
mod words;
mod workspaces;

use crate::http::Pages;

/// What the paths of all pages begin with.
const BASE: &str = "/console";

/// The method and the pattern of each page.
pub fn routes() -> Vec<String> {
    routes::all().iter().map(|route| format!("{} {}", route.method, route.pattern)).collect()
}

/// All pages.
pub fn pages() -> Pages {
    Pages { prefix: BASE, routes: routes::all(), assets: assets::all(), problem: error_page::page }
}

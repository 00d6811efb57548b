//! A catalog as a company might keep it, and what anyone would expect to be found first.

use serde_json::{Value, json};

use super::questions::encoded;
use crate::support::account::{Account, text};
use crate::support::server::Server;

/// Name, description, tags and type, oldest first.
const CATALOG: &[(&str, &str, &[&str], &str)] = &[
    ("Payments API", "Takes card payments and refunds", &["payments", "tier-1"], "service"),
    ("Payments API client", "Library to call the payments service from Python", &["payments", "python"], "library"),
    ("Refund policy", "When and how customers get their money back", &["legal"], "document"),
    ("Chargeback handling", "Runbook for disputed card payments", &["payments", "on-call"], "runbook"),
    ("Orders", "Every order ever placed, one row each", &["orders", "golden"], "dataset"),
    ("Orders by day", "Daily totals of orders by country", &["orders", "daily"], "dataset"),
    ("Order confirmation email", "Template of the letter that follows an order", &["mail"], "document"),
    ("Customer master data", "One record for each customer, deduplicated", &["pii", "golden"], "dataset"),
    ("Customer churn model", "Predicts which customers leave within a month", &["machine-learning"], "model"),
    ("Churn dashboard", "How many customers left, by month and segment", &["analytics"], "dashboard"),
    ("Demand forecast", "Weekly demand by region for the planning round", &["forecasting"], "model"),
    ("Weather forecast feed", "Hourly weather from the national service", &["weather"], "dataset"),
    ("Warehouse stock levels", "What is on which shelf", &["inventory"], "dataset"),
    ("Data warehouse loading", "Nightly pipeline into the warehouse", &["nightly"], "pipeline"),
    ("Invoice archive", "Scanned and electronic invoices since 2009", &["finance"], "dataset"),
    ("Invoicing service", "Makes and sends invoices", &["finance", "tier-1"], "service"),
    ("VAT rates", "Value added tax by country and date", &["finance", "tax"], "dataset"),
    ("Exchange rates", "Daily currency rates of the central bank", &["finance", "daily"], "dataset"),
    ("Kubernetes upgrade runbook", "Steps to upgrade a cluster without downtime", &["platform"], "runbook"),
    ("Postgres backup and restore", "Runbook for recovery of a database", &["postgres", "on-call"], "runbook"),
    ("Backup verification", "Restores a backup each night and compares", &["nightly", "postgres"], "pipeline"),
    ("Login service", "Signs people in; passwords and sessions", &["security", "tier-1"], "service"),
    ("Password policy", "How long passwords must be and why", &["security"], "document"),
    ("Session store", "Redis cluster for sessions", &["redis"], "service"),
    ("Search index", "Full-text index over products", &["search"], "service"),
    ("Search quality report", "Which questions find nothing", &["search", "weekly"], "report"),
    ("Product catalog", "All products with prices and pictures", &["products", "golden"], "dataset"),
    ("Product images", "Pictures of products in three sizes", &["products"], "dataset"),
    ("Image resizing service", "Makes thumbnails of pictures", &["media"], "service"),
    ("GDPR deletion requests", "Who asked for their data to be deleted", &["gdpr", "pii"], "dataset"),
    ("Data retention policy", "How long each kind of data is kept", &["gdpr", "legal"], "document"),
    ("Café menu", "What the canteen offers this week", &["canteen"], "document"),
    ("Résumé parser", "Reads the CVs of applicants", &["hr"], "service"),
    ("Zürich office network plan", "Switches and cables of the office", &["network"], "document"),
    ("Übersicht der Verträge", "Alle laufenden Verträge mit Lieferanten", &["legal"], "document"),
    ("Fraud detection model", "Scores transactions for fraud", &["machine-learning", "fraud"], "model"),
    ("Transaction log", "Every transaction with its fraud score", &["payments"], "dataset"),
    ("Event bus", "Kafka cluster that carries all events", &["kafka", "tier-1"], "service"),
    ("Clickstream events", "What visitors click, from the event bus", &["kafka", "analytics"], "dataset"),
    ("Kafka consumer library", "Reads events with retries", &["kafka", "java"], "library"),
    ("Marketing campaigns", "Campaigns with cost and reach", &["marketing"], "dataset"),
    ("Email campaign templates", "Letters of marketing", &["marketing", "mail"], "document"),
    ("Salary bands", "Pay by level and country", &["hr", "confidential"], "document"),
    ("Onboarding checklist", "The first week of new colleagues", &["hr"], "document"),
    ("Incident 2041 postmortem", "Why checkout was down for an hour", &["on-call"], "report"),
    ("Checkout frontend", "The last page before one pays", &["web", "tier-1"], "service"),
    ("Quarterly revenue report", "Revenue by product line", &["finance", "quarterly"], "report"),
    ("Quarterly revenue report 2024", "Revenue by product line in 2024", &["finance", "quarterly"], "report"),
    ("顧客データ", "全国の顧客一覧", &["日次"], "dataset"),
    ("東京倉庫在庫", "東京の倉庫にある商品の在庫", &["在庫"], "dataset"),
    ("订单数据", "所有订单的历史数据", &["订单"], "dataset"),
    ("주문 데이터", "모든 주문의 이력", &["주문"], "dataset"),
    ("Отчёт о продажах", "Продажи по регионам за месяц", &["продажи"], "report"),
    ("README conventions", "How a repository introduces itself", &["docs"], "document"),
    ("build_cache_cleaner", "Removes old artifacts of builds", &["ci"], "pipeline"),
    ("ci-runner-image", "Container that builds run in", &["ci", "docker"], "container-image"),
];

/// What is asked for, and the name of what should come first.
const QUESTIONS: &[(&str, &str)] = &[
    ("payments api", "Payments API"),
    ("api payments", "Payments API"),
    ("python payments", "Payments API client"),
    ("refund", "Refund policy"),
    ("disputed card", "Chargeback handling"),
    ("orders", "Orders"),
    ("orders by day", "Orders by day"),
    ("daily orders country", "Orders by day"),
    ("customer churn", "Customer churn model"),
    ("churn dash", "Churn dashboard"),
    ("demand", "Demand forecast"),
    ("weather", "Weather forecast feed"),
    ("forecast -weather", "Demand forecast"),
    ("\"data warehouse\"", "Data warehouse loading"),
    ("stock", "Warehouse stock levels"),
    ("invoices service", "Invoicing service"),
    ("archived invoices", "Invoice archive"),
    ("tax", "VAT rates"),
    ("currency", "Exchange rates"),
    ("kubernetes upgrading", "Kubernetes upgrade runbook"),
    ("restore backup", "Postgres backup and restore"),
    ("password", "Password policy"),
    ("redis", "Session store"),
    ("search index", "Search index"),
    ("product pictures sizes", "Product images"),
    ("thumbnail", "Image resizing service"),
    ("gdpr deletion", "GDPR deletion requests"),
    ("cafe", "Café menu"),
    ("resume", "Résumé parser"),
    ("ZURICH", "Zürich office network plan"),
    ("ubersicht", "Übersicht der Verträge"),
    ("fraud", "Fraud detection model"),
    ("kafka library", "Kafka consumer library"),
    ("kafka type:service", "Event bus"),
    ("tag:hr salary", "Salary bands"),
    ("name:transaction", "Transaction log"),
    ("2041", "Incident 2041 postmortem"),
    ("quarterly revenue 2024", "Quarterly revenue report 2024"),
    ("顧客", "顧客データ"),
    ("倉庫", "東京倉庫在庫"),
    ("订单", "订单数据"),
    ("데이터", "주문 데이터"),
    ("ПРОДАЖИ", "Отчёт о продажах"),
    ("cache clean", "build_cache_cleaner"),
    ("runner", "ci-runner-image"),
    ("kuberntes", "Kubernetes upgrade runbook"),
    ("forcast demand", "Demand forecast"),
    ("salary OR onboarding tag:hr", "Onboarding checklist"),
];

/// Makes each artifact with this name, description and tags, in this order.
fn filled(owner: &Account, catalog: &[(&str, &str, &[&str], &str)]) -> String {
    let artifacts = owner.artifacts();
    for (name, description, tags, artifact_type) in catalog {
        let body = json!({"name": name, "description": description, "tags": tags, "artifact_type": artifact_type});
        owner.artifact(&artifacts, &body);
    }
    artifacts
}

fn names(owner: &Account, artifacts: &str, question: &str) -> Vec<String> {
    let path = format!("{artifacts}/search/advanced?q={}", encoded(question));
    let page: Value = owner.client.get(&path).expect(200).json();
    page["items"].as_array().expect("items").iter().map(|item| text(&item["name"])).collect()
}

#[test]
fn what_anyone_would_expect_comes_first() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = filled(&owner, CATALOG);
    let surprises: Vec<String> = QUESTIONS
        .iter()
        .filter_map(|(question, expected)| {
            let found = names(&owner, &artifacts, question);
            (found.first().map(String::as_str) != Some(*expected))
                .then(|| format!("`{question}` should lead to `{expected}`, and leads to {found:?}"))
        })
        .collect();
    assert!(surprises.is_empty(), "{} of {}:\n{}", surprises.len(), QUESTIONS.len(), surprises.join("\n"));
}

#[test]
fn a_word_in_the_name_counts_most_then_one_in_the_tags_and_of_equals_the_newer_comes_first() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = filled(
        &owner,
        &[
            ("Ledger of sales", "For the books", &["finance"], "default"),
            ("Ledger of sales", "For the books", &["finance"], "default"),
            ("Sales of shops", "For the books", &["ledger"], "default"),
            ("Sales of shops again", "For the ledger", &["finance"], "default"),
            ("Nothing like it", "For the books", &["finance"], "default"),
        ],
    );
    let found = owner.client.get(&format!("{artifacts}/search/advanced?q=ledger")).expect(200).json();
    let all = owner.client.get(&format!("{artifacts}?sort=created_at")).expect(200).json();
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect()
    };
    let made = ids(&all);
    assert_eq!(ids(&found), [1, 0, 2, 3].map(|place| made[place].clone()));
}

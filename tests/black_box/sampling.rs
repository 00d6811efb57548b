//! A service that says which traces are recorded is asked, and obeyed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;

use crate::support::otlp::Collector;
use crate::support::server::Setup;

/// Answers every question with a strategy; gives where, and the first line of each question.
fn sampling_service(strategy: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    let (asked, questions) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.expect("a connection");
            let mut lines = BufReader::new(connection.try_clone().expect("a socket")).lines().map_while(Result::ok);
            let _ = asked.send(lines.next().unwrap_or_default());
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", strategy.len());
            let _ = connection.write_all((head + strategy).as_bytes());
        }
    });
    (address, questions)
}

#[test]
fn a_remote_sampler_goes_by_what_the_service_says() {
    for sampler in ["jaeger_remote", "parentbased_jaeger_remote"] {
        let (service, questions) =
            sampling_service(r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1.0}}"#);
        let collector = Collector::start();
        let argument = format!("endpoint=http://{service}/sampling,pollingIntervalMs=20,initialSamplingRate=0");
        let server = Setup::new()
            .traces_to(&collector.endpoint())
            .env("OTEL_TRACES_SAMPLER", sampler)
            .env("OTEL_TRACES_SAMPLER_ARG", &argument)
            .start();
        let asked = questions.recv_timeout(crate::support::PATIENCE).expect("the service is asked");
        assert_eq!(asked, "GET /sampling?service=ghostworks-api HTTP/1.1");
        // Once it is asked again, the first answer is known.
        questions.recv_timeout(crate::support::PATIENCE).expect("the service is asked again");
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{trace}-b7ad6b7169203331-0{}", u8::from(sampler.starts_with("parent")));
        server.client().with("traceparent", &parent).get("/livez").expect(200);
        collector.span(trace, "GET /livez");
    }
}

#[test]
fn until_the_service_has_answered_the_initial_rate_holds() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let service = nobody.local_addr().expect("a bound socket");
    let collector = Collector::start();
    let server = Setup::new()
        .traces_to(&collector.endpoint())
        .env("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote")
        .env("OTEL_TRACES_SAMPLER_ARG", format!("endpoint=http://{service}/sampling,initialSamplingRate=1"))
        .start();
    let trace = "0af7651916cd43dd8448eb211c80319d";
    server.client().get("/livez").expect(200);
    server.client().with("traceparent", &format!("00-{trace}-b7ad6b7169203331-01")).get("/readyz").expect(200);
    collector.span(trace, "GET /readyz");
    assert!(collector.spans().iter().any(|span| span.name == "GET /livez"), "{:?}", collector.spans());
}

/// The traces of `requests` requests that arrived at the collector; the server is stopped.
fn recorded(service: SocketAddr, questions: &mpsc::Receiver<String>, path: &str, requests: usize) -> (usize, String) {
    let collector = Collector::start();
    let argument = format!("endpoint=http://{service}/sampling,pollingIntervalMs=20,initialSamplingRate=0");
    let server = Setup::new()
        .traces_to(&collector.endpoint())
        .env("OTEL_TRACES_SAMPLER", "jaeger_remote")
        .env("OTEL_TRACES_SAMPLER_ARG", &argument)
        .start();
    // Of what was asked until now, the answers may have come before there was a log.
    questions.try_iter().for_each(drop);
    for _ in 0..3 {
        questions.recv_timeout(crate::support::PATIENCE).expect("the service is asked");
    }
    let client = server.client();
    let sampled = (0..requests)
        .filter(|_| client.get(path).header("traceresponse").is_some_and(|it| it.ends_with("-01")))
        .count();
    let log = server.stderr();
    server.stop();
    let arrived: std::collections::BTreeSet<String> = collector.spans().into_iter().map(|span| span.trace).collect();
    assert_eq!(arrived.len(), sampled, "what answers call recorded is what arrives");
    (sampled, log)
}

#[test]
fn a_rate_is_kept_and_told() {
    let (service, questions) =
        sampling_service(r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":1000}}"#);
    let (sampled, log) = recorded(service, &questions, "/livez", 20);
    assert_eq!(sampled, 20);
    assert!(log.contains("1000 a second"), "{log}");
    let (service, questions) =
        sampling_service(r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":0.001}}"#);
    let (sampled, _) = recorded(service, &questions, "/livez", 20);
    assert!(sampled <= 1, "{sampled}");
}

#[test]
fn an_operation_goes_by_its_own_share() {
    let strategy = r#"{
        "strategyType": "PROBABILISTIC",
        "operationSampling": {
            "defaultSamplingProbability": 0, "defaultLowerBoundTracesPerSecond": 0,
            "perOperationStrategies": [{"operation": "GET /readyz", "probabilisticSampling": {"samplingRate": 1}}]
        }
    }"#;
    let (service, questions) = sampling_service(strategy);
    assert_eq!(recorded(service, &questions, "/readyz", 5).0, 5);
    let (service, questions) = sampling_service(strategy);
    assert_eq!(recorded(service, &questions, "/livez", 5).0, 0);
}

#[test]
fn a_service_that_does_not_say_it_is_warned_of_once() {
    let (service, questions) = sampling_service("<html>no strategy</html>");
    let (sampled, log) = recorded(service, &questions, "/livez", 3);
    assert_eq!((sampled, log.matches("the sampling service does not say").count()), (0, 1), "{log}");
}

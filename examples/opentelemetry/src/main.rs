//! One trace, from a program through Supabase's services: the client's spans are children of the program's own, and each
//! request carries the W3C trace context, so that the spans of the services can be children in turn.
//!
//! ```sh
//! cargo xtask demo opentelemetry
//! ```
//!
//! The spans go to an exporter in memory, which the program reads in the end; in the place of it stands yours.

use std::collections::HashMap;
use std::env;
use std::error::Error;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde::Deserialize;
use supabase::Client;
use supabase::postgrest::ErrorKind;
use supabase_mock::http::{Answer, Server};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Debug, Deserialize)]
struct Planet {
    name: String,
}

/// What the function `echo` tells of a request: here, with which headers it came.
#[derive(Deserialize)]
struct Echo {
    headers: HashMap<String, String>,
}

#[tokio::main]
async fn main() -> Result {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("example"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;

    let supabase = traced(&env::var("SUPABASE_URL")?)?;
    let arrived = program(&supabase).instrument(tracing::info_span!("program")).await?;
    provider.force_flush()?;

    let spans = exporter.get_finished_spans()?;
    let root = spans.iter().find(|span| span.name == "program").ok_or("the program has no span")?;
    print_tree(&spans, root, 0);
    let trace = root.span_context.trace_id();
    let requests: Vec<_> =
        spans.iter().filter(|span| span.parent_span_id == root.span_context.span_id()).collect();
    if requests.len() != 2 || spans.iter().any(|span| span.span_context.trace_id() != trace) {
        return Err("the spans are not those of two requests in one trace".into());
    }

    // What came to the function names the span of the request that brought it.
    println!("traceparent at the function: {arrived}");
    let sent_by = |span: &&SpanData| arrived == format!("00-{trace}-{}-01", span.span_context.span_id());
    if !requests.iter().any(sent_by) {
        return Err("the context at the function is not that of its request".into());
    }

    nobody_else_learns_of_it().await
}

/// A client whose requests join the trace of the span that they are made in. Without this, they carry no context.
fn traced(url: &str) -> Result<Client> {
    let propagator = TraceContextPropagator::new();
    let client = Client::builder(url, env::var("SUPABASE_ANON_KEY")?).trace_context_with(move || {
        let mut context = HashMap::new();
        propagator.inject_context(&tracing::Span::current().context(), &mut context);
        context
    });
    Ok(client.build()?)
}

/// What a program does; answers with the trace context that arrived.
async fn program(supabase: &Client) -> Result<String> {
    let planets: Vec<Planet> = supabase.from("planets").select("name").order("id").limit(3).await?;
    println!("planets: {}", planets.into_iter().map(|planet| planet.name).collect::<Vec<_>>().join(", "));
    let echo: Echo = serde_json::from_str(&supabase.functions().invoke("echo/describe").await?.text()?)?;
    Ok(echo.headers.get("traceparent").cloned().ok_or("no trace context arrived")?)
}

/// A project that sends its clients to another host: they do not follow, so neither keys nor traces get there.
async fn nobody_else_learns_of_it() -> Result {
    let elsewhere = Server::start([Answer::json(200, "[]")])?;
    let moved = Server::start([Answer::new(307).header("location", elsewhere.url())])?;
    let asked = traced(&moved.url())?.from("planets").select_raw("*").await;
    match asked {
        Err(error) if error.kind() == ErrorKind::Redirect => {}
        outcome => return Err(format!("the redirect was not refused: {outcome:?}").into()),
    }
    if moved.requests().iter().all(|request| request.header("traceparent").is_none()) {
        return Err("the project's own host got no context".into());
    }
    println!("another host got {} requests", elsewhere.requests().len());
    if elsewhere.requests().is_empty() { Ok(()) } else { Err("another host was asked".into()) }
}

/// Prints a span, and its children below it.
fn print_tree(spans: &[SpanData], span: &SpanData, depth: usize) {
    let id: SpanId = span.span_context.span_id();
    let attribute = |key: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| format!(" {}", attribute.value)).unwrap_or_default()
    };
    let request = ["http.request.method", "url.path", "http.response.status_code"].map(attribute).concat();
    println!("{}{} {id}{request}", "  ".repeat(depth), span.name);
    for child in spans.iter().filter(|child| child.parent_span_id == id) {
        print_tree(spans, child, depth + 1);
    }
}

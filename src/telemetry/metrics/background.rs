//! Instruments of the background tasks, read when somebody looks.

use std::sync::Arc;

use opentelemetry::KeyValue;

use super::Metrics;

/// How a background task does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskFigures {
    /// Its name, one of a fixed set.
    pub name: &'static str,
    /// Turns since the start that ended well, that failed, and that panicked.
    pub turns: [(&'static str, u64); 3],
    /// When one last ended well, in seconds since 1970.
    pub last_success: Option<f64>,
    /// Whether the last one failed.
    pub is_failing: bool,
}

impl Metrics {
    /// Registers gauges and counters of the background tasks.
    pub fn observe_background_tasks(&self, look: impl Fn() -> Vec<TaskFigures> + Send + Sync + 'static) {
        let look = Arc::new(look);
        let label = |task: &TaskFigures| KeyValue::new("task", task.name);
        let turns = look.clone();
        self.meter
            .u64_observable_counter("background_task_turns")
            .with_unit("{turn}")
            .with_description("Turns of a background task, by how they ended.")
            .with_callback(move |observer| {
                for task in turns() {
                    for (outcome, count) in task.turns {
                        observer.observe(count, &[label(&task), KeyValue::new("outcome", outcome)]);
                    }
                }
            })
            .build();
        let successes = look.clone();
        self.meter
            .f64_observable_gauge("background_task_last_success_timestamp")
            .with_unit("s")
            .with_description(
                "When a turn of a background task last ended well, in seconds since 1970; missing when none has.",
            )
            .with_callback(move |observer| {
                for task in successes() {
                    if let Some(at) = task.last_success {
                        observer.observe(at, &[label(&task)]);
                    }
                }
            })
            .build();
        self.meter
            .u64_observable_gauge("background_task_failing")
            .with_unit("{boolean}")
            .with_description("Whether the last turn of a background task failed: 1 or 0.")
            .with_callback(move |observer| {
                for task in look() {
                    observer.observe(u64::from(task.is_failing), &[label(&task)]);
                }
            })
            .build();
    }
}

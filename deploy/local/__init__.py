"""The local stack: Kafka, Flink and MLflow as processes of this machine."""

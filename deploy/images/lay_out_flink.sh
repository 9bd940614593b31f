#!/bin/sh
# Makes /opt/flink of the distribution inside of the package apache-flink, with the project's jars and plugins, where
# Flink's operator looks for it. The package finds its folders through links.
set -eu
package=$(/opt/zielzeit/bin/python -c 'from importlib.util import find_spec; print(find_spec("pyflink").submodule_search_locations[0])')
mkdir -p /opt/flink/log /opt/flink/plugins
for folder in bin conf lib opt; do
    mv "$package/$folder" "/opt/flink/$folder"
    ln -s "/opt/flink/$folder" "$package/$folder"
done
mv "$package/plugins/metrics-prometheus" /opt/flink/plugins/
ln -s /opt/flink/plugins/metrics-prometheus "$package/plugins/metrics-prometheus"
ln -s /opt/flink/opt/flink-python-*.jar /opt/flink/lib/
ln -s /opt/jars/flink/*.jar /opt/flink/lib/
ln -s /opt/jars/plugins/* /opt/flink/plugins/

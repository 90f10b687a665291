{{/*
All checks that the schema cannot express, reported in one list. Each problem names its value.
*/}}
{{- define "lowband.validate" -}}
{{- $problems := concat
      (include "lowband.validate.addresses" . | fromYamlArray)
      (include "lowband.validate.certificates" . | fromYamlArray)
      (include "lowband.validate.scaling" . | fromYamlArray)
      (include "lowband.validate.monitoring" . | fromYamlArray) }}
{{- if $problems }}
{{- fail (printf "\n\n%d thing(s) to correct in the values of %s:\n  - %s\n" (len $problems) .Release.Name (join "\n  - " $problems)) }}
{{- end }}
{{- end }}

{{- define "lowband.validate.addresses" -}}
{{- $ca := .Values.homeserver.ca }}
{{- if not .Values.homeserver.url }}
- "homeserver.url: is required, for example http://synapse.matrix.svc:8008"
{{- end }}
{{- if and $ca.existingConfigMap $ca.existingSecret }}
- "homeserver.ca: existingConfigMap and existingSecret are both set; set one"
{{- end }}
{{- if and (or $ca.existingConfigMap $ca.existingSecret) (hasPrefix "http://" .Values.homeserver.url) }}
- "homeserver.ca: homeserver.url is http://, so there is no certificate to check"
{{- end }}
{{- if and .Values.service.tcp.port (not .Values.advertise.url) }}
- "service.tcp.port: TCP is served only with advertise.url"
{{- end }}
{{- if and .Values.service.tcp.nodePort (not .Values.advertise.url) }}
- "service.tcp.nodePort: TCP is served only with advertise.url"
{{- end }}
{{- if and (eq .Values.service.type "ClusterIP") (or .Values.service.udp.nodePort .Values.service.tcp.nodePort) }}
- "service.udp.nodePort, service.tcp.nodePort: a Service of type ClusterIP has none"
{{- end }}
{{- if and (ne .Values.service.type "LoadBalancer") .Values.service.loadBalancerClass }}
- "service.loadBalancerClass: only with service.type LoadBalancer"
{{- end }}
{{- if and (ne .Values.service.type "LoadBalancer") .Values.service.loadBalancerSourceRanges }}
- "service.loadBalancerSourceRanges: only with service.type LoadBalancer; use networkPolicy.clients"
{{- end }}
{{- if and (eq .Values.service.type "LoadBalancer") (not .Values.service.allocateLoadBalancerNodePorts) (or .Values.service.udp.nodePort .Values.service.tcp.nodePort) }}
- "service.allocateLoadBalancerNodePorts: is false, but a nodePort is set"
{{- end }}
{{- range $component := list "edge" "translator" "cli" }}
{{- $image := index $.Values.images $component }}
{{- if eq $image.tag "latest" }}
- {{ printf "images.%s.tag: latest is not a fixed image; name a version or a digest" $component | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "lowband.validate.certificates" -}}
{{- $tls := .Values.tls }}
{{- $grpc := .Values.grpc.tls }}
{{- if and (not $tls.existingSecret) (not $tls.certManager.enabled) }}
- "tls: clients need a certificate; set tls.existingSecret, or tls.certManager.enabled"
{{- end }}
{{- if and $tls.existingSecret $tls.certManager.enabled }}
- "tls: existingSecret and certManager.enabled are both set; set one"
{{- end }}
{{- if and $tls.certManager.enabled (not $tls.certManager.issuerRef.name) }}
- "tls.certManager.issuerRef.name: is required with tls.certManager.enabled"
{{- end }}
{{- if and $tls.certManager.enabled (not $tls.certManager.dnsNames) (not $tls.certManager.ipAddresses) (not .Values.advertise.url) }}
- "tls.certManager: set dnsNames, ipAddresses or advertise.url, whose host is then the name"
{{- end }}
{{- range $component := list "edge" "translator" }}
{{- $secret := index $grpc.existingSecrets $component }}
{{- if and (eq $grpc.mode "existingSecrets") (not $secret) }}
- {{ printf "grpc.tls.existingSecrets.%s: is required with grpc.tls.mode existingSecrets" $component | quote }}
{{- end }}
{{- if and (ne $grpc.mode "existingSecrets") $secret }}
- {{ printf "grpc.tls.existingSecrets.%s: is set, but grpc.tls.mode is %s" $component $grpc.mode | quote }}
{{- end }}
{{- end }}
{{- if and $grpc.certManager.issuerRef.name (ne $grpc.mode "certManager") }}
- {{ printf "grpc.tls.certManager.issuerRef: is set, but grpc.tls.mode is %s" $grpc.mode | quote }}
{{- end }}
{{- end }}

{{- define "lowband.validate.scaling" -}}
{{- $a := .Values.translator.autoscaling }}
{{- if gt (int $a.minReplicas) (int $a.maxReplicas) }}
- {{ printf "translator.autoscaling: minReplicas %d is above maxReplicas %d" (int $a.minReplicas) (int $a.maxReplicas) | quote }}
{{- end }}
{{- if ne $a.kind "none" }}
{{- if and (not $a.cpuPercent) (not $a.inFlight.enabled) }}
- "translator.autoscaling: nothing to scale on; set cpuPercent or inFlight.enabled"
{{- end }}
{{- if and $a.cpuPercent (not (dig "requests" "cpu" "" .Values.translator.resources)) }}
- "translator.resources.requests.cpu: scaling on CPU needs a request"
{{- end }}
{{- end }}
{{- if eq $a.kind "keda" }}
{{- if and $a.inFlight.enabled (not $a.keda.prometheusAddress) }}
- "translator.autoscaling.keda.prometheusAddress: is required to scale on exchanges in flight"
{{- end }}
{{- else if $a.keda.prometheusAddress }}
- {{ printf "translator.autoscaling.keda: is set, but translator.autoscaling.kind is %s" $a.kind | quote }}
{{- end }}
{{- range $component := list "edge" "translator" }}
{{- $v := index $.Values $component }}
{{- if and (not $v.serviceAccount.create) $v.serviceAccount.annotations }}
- {{ printf "%s.serviceAccount.annotations: the account is not created here" $component | quote }}
{{- end }}
{{- range $label := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" }}
{{- if hasKey $v.podLabels $label }}
- {{ printf "%s.podLabels: %s is a selector of the chart" $component $label | quote }}
{{- end }}
{{- end }}
{{- range $arg := $v.extraArgs }}
{{- $name := regexReplaceAll "^-+([^=]*).*$" $arg "${1}" }}
{{- if has $name (include "lowband.ownFlags" $component | fromYamlArray) }}
- {{ printf "%s.extraArgs: --%s is a flag of the chart's own; use its value instead" $component $name | quote }}
{{- end }}
{{- end }}
{{- range $env := $v.extraEnv }}
{{- $name := regexReplaceAll "^LOWBAND_" $env.name "" | lower | replace "_" "-" }}
{{- if and (hasPrefix "LOWBAND_" $env.name) (has $name (include "lowband.ownFlags" $component | fromYamlArray)) }}
- {{ printf "%s.extraEnv: %s has no effect beside the chart's own flag" $component $env.name | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Flags that the templates pass, which values may not repeat. Takes the component. */}}
{{- define "lowband.ownFlags" -}}
{{- if eq . "edge" -}}
[dtls-bind-addr, tls-cert, tls-key, translator, advertise, admin-addr, workers, drain-timeout, grpc-cert, grpc-key, grpc-ca, insecure-grpc, check, healthcheck]
{{- else -}}
[listen, local, advertise, dtls-port, admin-addr, drain-timeout, forward-client-ip, upstream-ca, grpc-cert, grpc-key, grpc-ca, insecure-grpc, check, healthcheck]
{{- end -}}
{{- end }}

{{- define "lowband.validate.monitoring" -}}
{{- if and .Values.monitoring.rules.disabled (not .Values.monitoring.rules.enabled) }}
- "monitoring.rules.disabled: no rules are enabled"
{{- end }}
{{- range $name := .Values.monitoring.rules.disabled }}
{{- if not (contains (printf "alert: %s\n" $name) ($.Files.Get "rules/alerts.yaml")) }}
- {{ printf "monitoring.rules.disabled: there is no alert %s" $name | quote }}
{{- end }}
{{- end }}
{{- end }}

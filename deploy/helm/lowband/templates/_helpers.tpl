{{- define "lowband.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "lowband.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "lowband.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "lowband.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What selects the pods of a component; never changes in an upgrade. Takes (dict root component). */}}
{{- define "lowband.selector" -}}
app.kubernetes.io/name: {{ include "lowband.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "lowband.labels" -}}
{{ include "lowband.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: lowband
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* metadata of an object, after `metadata:`. Takes (dict root component suffix). */}}
{{- define "lowband.metadata" -}}
name: {{ include "lowband.fullname" .root }}{{ with .suffix }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "lowband.labels" . | nindent 2 }}
{{- end }}

{{- define "lowband.image" -}}
{{- $image := index .root.Values.images .component -}}
{{- $name := printf "%s%s" .root.Values.images.registry $image.repository -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{- define "lowband.serviceAccount" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.create -}}
{{- default (printf "%s-%s" (include "lowband.fullname" .root) .component) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end }}

{{/* Host name under which edges dial translators; their certificate must bear it. */}}
{{- define "lowband.translatorHost" -}}
{{- printf "%s-translator.%s.svc" (include "lowband.fullname" .) .Release.Namespace -}}
{{- end }}

{{- define "lowband.tlsSecret" -}}
{{- if .Values.tls.certManager.enabled -}}
{{- printf "%s-tls" (include "lowband.fullname" .) -}}
{{- else -}}
{{- .Values.tls.existingSecret -}}
{{- end -}}
{{- end }}

{{/* Secret with a component's certificate for gRPC; empty: plaintext. */}}
{{- define "lowband.grpcSecret" -}}
{{- $mode := .root.Values.grpc.tls.mode -}}
{{- if eq $mode "existingSecrets" -}}
{{- index .root.Values.grpc.tls.existingSecrets .component -}}
{{- else if ne $mode "insecure" -}}
{{- printf "%s-grpc-%s" (include "lowband.fullname" .root) .component -}}
{{- end -}}
{{- end }}

{{/* Public port for TCP: as set, else that of advertise.url, else the scheme's. */}}
{{- define "lowband.tcpPort" -}}
{{- if .Values.service.tcp.port -}}
{{- int .Values.service.tcp.port -}}
{{- else -}}
{{- $url := urlParse .Values.advertise.url -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (eq $url.scheme "https")) $port -}}
{{- end -}}
{{- end }}

{{/* Host of advertise.url, without port and brackets. */}}
{{- define "lowband.advertiseHost" -}}
{{- regexReplaceAll ":[0-9]+$" (urlParse .Values.advertise.url).host "" | trimPrefix "[" | trimSuffix "]" -}}
{{- end }}

{{/* Flags of a map, sorted; true is a switch that is on, false one that is not given. */}}
{{- define "lowband.flags" -}}
{{- range $name := keys . | sortAlpha }}
{{- $value := index $ $name }}
{{- if kindIs "bool" $value }}
{{- if $value }}
- --{{ $name }}
{{- end }}
{{- else if kindIs "float64" $value }}
- {{ printf "--%s=%v" $name (int64 $value) | quote }}
{{- else }}
- {{ printf "--%s=%v" $name $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "lowband.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "lowband.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The parts of a pod that both components have alike. Takes (dict root component). */}}
{{- define "lowband.podCommon" -}}
{{- $c := index .root.Values .component }}
serviceAccountName: {{ include "lowband.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "lowband.grace" . }}
securityContext:
  {{- include "lowband.podSecurity" .root | nindent 2 }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $c.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ ternary $c.spread "ScheduleAnyway" (eq $key "kubernetes.io/hostname") }}
    labelSelector:
      matchLabels:
        {{- include "lowband.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- with $c.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $c.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $c.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Seconds a pod has: the wait before SIGTERM, the drain, and as much again as its last words take. */}}
{{- define "lowband.grace" -}}
{{- add .root.Values.preStopSeconds (index .root.Values .component).drainSeconds 10 -}}
{{- end }}

{{- define "lowband.container" -}}
{{- $c := index .root.Values .component }}
image: {{ include "lowband.image" . | quote }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
securityContext:
  {{- include "lowband.containerSecurity" .root | nindent 2 }}
resources:
  {{- toYaml $c.resources | nindent 2 }}
{{- with $c.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if gt (int .root.Values.preStopSeconds) 0 }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .root.Values.preStopSeconds }}
{{- end }}
{{- end }}

{{- define "lowband.issuerRef" -}}
name: {{ .name }}
kind: {{ .kind }}
group: {{ .group }}
{{- end }}

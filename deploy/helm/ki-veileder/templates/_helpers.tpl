{{- define "kv.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "kv.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kv.labels" -}}
{{ include "kv.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "kv.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "kv.serviceAccount" -}}
{{ if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "kv.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{- define "kv.secret" -}}
{{ .Values.existingSecret | default (include "kv.name" .) }}
{{- end }}

{{- define "kv.scheme" -}}
{{ if .Values.tls.existingSecret }}https{{ else }}http{{ end }}
{{- end }}

{{- /* What the standard "restricted" asks for, and a file system that nobody writes to. */}}
{{- define "kv.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "kv.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* The files of a role: a dict of "root" and "keys". */}}
{{- define "kv.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ include "kv.secret" .root }}
    defaultMode: 0440
    items:
      {{- range .keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- end }}

{{- define "kv.secretEnv" -}}
{{- $names := dict "database-url" "KIVEILEDER_DATABASE_URL_FILE" "redis-url" "KIVEILEDER_REDIS_URL_FILE" "role-token" "KIVEILEDER_ROLE_TOKEN_FILE" "secret" "KIVEILEDER_SECRET_FILE" "case-key" "KIVEILEDER_CASE_KEY_FILE" "smtp-url" "KIVEILEDER_SMTP_URL_FILE" "mail-hook" "KIVEILEDER_MAIL_HOOK_FILE" "imap-url" "KIVEILEDER_IMAP_URL_FILE" -}}
{{- range .keys }}
- {name: {{ get $names . }}, value: /run/secrets/kiveileder/{{ . }}}
{{- end }}
{{- end }}

{{- /* What an older release's values lack (--reuse-values) is off. */}}
{{- define "kv.queue" -}}
{{- $cases := .Values.cases | default dict -}}
{{- $mail := $cases.mail | default dict -}}
{{- $login := .Values.login | default dict -}}
{{- $keys := list -}}
{{- if $cases.enabled }}
{{- $keys = list "case-key" "smtp-url" -}}
{{- if $mail.hook }}{{ $keys = append $keys "mail-hook" }}{{ end -}}
{{- if $mail.imap }}{{ $keys = append $keys "imap-url" }}{{ end -}}
{{- end -}}
{{- dict "cases" $cases "mail" $mail "login" $login "keys" $keys "hook" (and $cases.enabled $mail.hook) "imap" (and $cases.enabled $mail.imap) "origin" .Values.config.origin | toJson -}}
{{- end }}

{{- /* A rule of a network policy outwards: a dict of "port" and "to". */}}
{{- define "kv.egress" -}}
- ports: [{port: {{ .port }}, protocol: TCP}]
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

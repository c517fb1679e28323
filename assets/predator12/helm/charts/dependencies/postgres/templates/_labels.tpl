{{/* Labels every object of this chart carries. */}}
{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/part-of: predator12
team: {{ .Values.team }}
{{- end }}

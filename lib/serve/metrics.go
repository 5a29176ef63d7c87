package serve

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what /metrics tells, of one server.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	size     *prometheus.HistogramVec
	waited   *prometheus.HistogramVec
	took     *prometheus.HistogramVec
	inHand   *prometheus.GaugeVec
	models   *prometheus.GaugeVec
}

// latency are the bounds of histograms of seconds, from 1 ms to half a minute.
var latency = prometheus.ExponentialBucketsRange(0.001, 32, 16)

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "defects_requests_total",
			Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "defects_request_seconds", Buckets: latency,
			Help: "From a request's header to the end of its answer, by route."}, []string{"route"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "defects_batch_images",
			Buckets: []float64{1, 2, 4, 8, 16, 32}, Help: "Images computed together."}, []string{"model"}),
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "defects_image_wait_seconds", Buckets: latency,
			Help: "From a decoded image to the beginning of its computation."}, []string{"model"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "defects_batch_seconds", Buckets: latency,
			Help: "Computing the images of a batch."}, []string{"model"}),
		inHand: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "defects_images_in_hand",
			Help: "Images that are decoded, wait, or are computed."}, []string{"model"}),
		models: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "defects_model_loaded",
			Help: "1 for each version of a model that is in memory."}, []string{"model", "version"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.size, m.waited, m.took, m.inHand, m.models, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// answered counts a request.
func (m *metrics) answered(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) serve(l *loaded)  { m.models.WithLabelValues(l.name, l.version).Set(1) }
func (m *metrics) retire(l *loaded) { m.models.DeleteLabelValues(l.name, l.version) }

// batchMetrics are those of one model.
type batchMetrics struct {
	size, waited, took prometheus.Observer
	inHand             prometheus.Gauge
}

func (m *metrics) batches(model string) batchMetrics {
	return batchMetrics{m.size.WithLabelValues(model), m.waited.WithLabelValues(model), m.took.WithLabelValues(model),
		m.inHand.WithLabelValues(model)}
}

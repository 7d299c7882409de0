// curl_easy_setopt and its relatives are variadic, which Swift does not import: one typed function for each kind of value.
#ifndef FLOTILLA_CCURL_SHIM_H
#define FLOTILLA_CCURL_SHIM_H

#include <curl/curl.h>

typedef size_t (*flotilla_curl_data_function)(char *data, size_t size, size_t count, void *context);
typedef int (*flotilla_curl_socket_function)(CURL *h, curl_socket_t s, int what, void *context, void *socket_context);
typedef int (*flotilla_curl_timer_function)(CURLM *m, long milliseconds, void *context);

static inline CURLcode flotilla_curl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode flotilla_curl_set_offset(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode flotilla_curl_set_string(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode flotilla_curl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode flotilla_curl_set_data_function(CURL *h, CURLoption o, flotilla_curl_data_function v) {
    return curl_easy_setopt(h, o, v);
}

static inline CURLMcode flotilla_curl_multi_set_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLMcode flotilla_curl_multi_set_callbacks(
    CURLM *m, flotilla_curl_socket_function socket, flotilla_curl_timer_function timer, void *context) {
    CURLMcode code = curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, socket);
    if (code == CURLM_OK) code = curl_multi_setopt(m, CURLMOPT_SOCKETDATA, context);
    if (code == CURLM_OK) code = curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, timer);
    if (code == CURLM_OK) code = curl_multi_setopt(m, CURLMOPT_TIMERDATA, context);
    return code;
}

static inline CURLcode flotilla_curl_status(CURL *h, long *status) { return curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, status); }

// The next transfer that has ended, with its result; NULL when there is none. The union in CURLMsg is read here.
static inline CURL *flotilla_curl_multi_ended(CURLM *m, CURLcode *result) {
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(m, &left); message; message = curl_multi_info_read(m, &left)) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
#endif

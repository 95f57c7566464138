import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.huaweicloud.sdk.apig.v2.ApigClient;
import com.huaweicloud.sdk.core.HttpListener;
import com.huaweicloud.sdk.core.SdkResponse;
import com.huaweicloud.sdk.core.SdkStreamResponse;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.core.http.HttpConfig;
import com.huaweicloud.sdk.core.utils.JsonUtils;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Each method of the client that sends, with what it is given, as one line of JSON each. */
final class Operations {
  /** What became of a request. Where the SDK has no such method, or no way to say this, it is inexpressible. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Result {
    public String inexpressible;
    /** What was received, before the SDK read it. */
    public Integer status;

    public String requestId;
    public String raw;
    /** What the SDK made of it, as the SDK writes it. */
    public JsonNode decoded;

    public String stream;
    /** Values that the SDK's enumerations do not have. */
    public List<String> strangers;

    public Fault fault;
    /** Any other exception, of which there should be none. */
    public String failure;
  }

  record Fault(int status, String code, String message, String requestId) {}

  private final Job job;
  private final ApigClient client;
  private final ObjectMapper lines = new ObjectMapper();
  /** The SDK's own, but for what it does not know: that is no request of this SDK. */
  private final ObjectMapper requests =
      JsonUtils.getDefaultMapper().copy().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, true);

  private Result received = new Result();

  Operations(Job job) {
    this.job = job;
    HttpListener watch =
        HttpListener.forResponseListener(
            reply -> {
              received.status = reply.statusCode();
              received.raw = reply.body().orElse("");
              reply.headers().forEach((name, values) -> {
                if (name.equalsIgnoreCase("X-Request-Id")) received.requestId = values.get(0);
              });
            });
    client = job.client(job.secretKey(), HttpConfig.getDefaultHttpConfig().addHttpListener(watch));
  }

  void run() throws IOException {
    PrintStream output = new PrintStream(new BufferedOutputStream(System.out), false, StandardCharsets.UTF_8);
    Map<String, Method> methods = methods();
    output.println(lines.writeValueAsString(methods.keySet()));
    for (Job.Request request : job.requests()) {
      received = new Result();
      Method method = methods.get(request.operation());
      if (method == null) received.inexpressible = "no such method";
      else call(method, request.request());
      output.println(lines.writeValueAsString(received));
    }
    output.flush();
  }

  private static Map<String, Method> methods() {
    Map<String, Method> found = new LinkedHashMap<>();
    for (Method method : ApigClient.class.getMethods())
      if (method.getParameterCount() == 1 && SdkResponse.class.isAssignableFrom(method.getReturnType()))
        found.put(method.getName(), method);
    return found;
  }

  private void call(Method method, JsonNode text) {
    Object request;
    try {
      request = requests.treeToValue(text, method.getParameterTypes()[0]);
    } catch (IOException | RuntimeException cause) {
      received.inexpressible = String.valueOf(cause.getMessage());
      return;
    }
    try {
      read((SdkResponse) method.invoke(client, request));
    } catch (InvocationTargetException wrapped) {
      Throwable cause = wrapped.getCause();
      if (cause instanceof ServiceResponseException fault)
        received.fault =
            new Fault(fault.getHttpStatusCode(), fault.getErrorCode(), fault.getErrorMsg(), fault.getRequestId());
      else if (received.status == null) received.inexpressible = String.valueOf(cause);
      else received.failure = String.valueOf(cause);
    } catch (IOException | ReflectiveOperationException cause) {
      received.failure = String.valueOf(cause);
    }
  }

  private void read(SdkResponse reply) throws IOException, IllegalAccessException {
    if (reply instanceof SdkStreamResponse stream) {
      stream.consumeDownloadStream(
          content -> {
            try {
              received.stream = new String(content.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException cause) {
              throw new UncheckedIOException(cause);
            }
          });
      return;
    }
    received.decoded = lines.readTree(JsonUtils.toJSON(reply));
    // As without it, but no number is taken for a text, and no text for a number.
    if (received.raw.startsWith("{")) JsonUtils.toObjectIgnoreUnknownByStrict(received.raw, reply.getClass());
    List<String> strangers = new ArrayList<>();
    findStrangers(reply, strangers);
    received.strangers = strangers.isEmpty() ? null : strangers;
  }

  /** An enumeration is a class with constants that are instances of it; a value that it does not know is another one. */
  private static void findStrangers(Object value, List<String> found) throws IllegalAccessException {
    if (value instanceof Collection<?> items) for (Object item : items) findStrangers(item, found);
    if (value instanceof Map<?, ?> members) for (Object item : members.values()) findStrangers(item, found);
    if (value == null || !value.getClass().getName().startsWith("com.huaweicloud.sdk.apig.")) return;
    boolean isEnumeration = false;
    boolean isKnown = false;
    for (Field field : value.getClass().getDeclaredFields()) {
      field.setAccessible(true);
      if (!Modifier.isStatic(field.getModifiers())) {
        findStrangers(field.get(value), found);
      } else if (field.getType() == value.getClass()) {
        isEnumeration = true;
        isKnown |= field.get(null).equals(value);
      }
    }
    if (isEnumeration && !isKnown) found.add(value.getClass().getName().replaceAll(".*[.]", "") + " " + value);
  }
}

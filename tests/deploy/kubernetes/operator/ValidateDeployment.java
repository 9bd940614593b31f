import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.FileInputStream;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.api.spec.FlinkDeploymentSpec;
import org.apache.flink.kubernetes.operator.validation.DefaultValidator;

/**
 * Prints what the operator's DefaultValidator objects to in FlinkDeployments: FILE: SENTENCE, one line each.
 *
 * <p>Its public method needs classes that Maven Central lacks, and so does the check of the autoscaler's options. So its
 * other checks are called one by one, as the public method calls them, and the list of forbidden options is read.
 */
public class ValidateDeployment {
    private static Object validator;

    public static void main(String[] files) throws Exception {
        Field unsafe = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        unsafe.setAccessible(true);
        validator = ((sun.misc.Unsafe) unsafe.get(null)).allocateInstance(DefaultValidator.class);
        MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(DefaultValidator.class, MethodHandles.lookup());
        String[] forbidden = (String[]) lookup
            .findStaticVarHandle(DefaultValidator.class, "FORBIDDEN_CONF_KEYS", String[].class).get();
        for (String file : files) {
            FlinkDeployment deployment = Serialization.unmarshal(new FileInputStream(file), FlinkDeployment.class);
            FlinkDeploymentSpec spec = deployment.getSpec();
            Map<String, String> options = spec.getFlinkConfiguration().asFlatMap();
            for (String key : forbidden) {
                if (options.containsKey(key)) {
                    System.out.println(file + ": Forbidden Flink config key: " + key);
                }
            }
            check(file, "validateDeploymentName", deployment.getMetadata().getName());
            check(file, "validateFlinkVersion", deployment);
            check(file, "validateJobSpec", spec.getJob(), spec.getTaskManager(), options);
            check(file, "validateJmSpec", spec.getJobManager(), options);
            check(file, "validateTmSpec", spec.getTaskManager(), options);
            check(file, "validateSpecChange", deployment);
            check(file, "validateServiceAccount", spec.getServiceAccount());
        }
        System.out.println("validated " + files.length);
    }

    private static void check(String file, String name, Object... arguments) throws Exception {
        for (Method method : DefaultValidator.class.getDeclaredMethods()) {
            if (method.getName().equals(name) && method.getParameterTypes()[0].isInstance(arguments[0])) {
                method.setAccessible(true);
                Optional<?> objection = (Optional<?>) method.invoke(validator, arguments);
                objection.ifPresent(sentence -> System.out.println(file + ": " + sentence));
                return;
            }
        }
        throw new NoSuchMethodException("DefaultValidator." + name);
    }
}
